"""A database with all tables and nothing in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from pointsman.stores.engines import store_url
from pointsman.stores.schema import METADATA


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """Yield a connection to a database with all tables, each of which is empty."""
    engine = create_engine(store_url(Path(url) if "://" not in url else url))
    METADATA.create_all(engine)
    with engine.connect() as opened:
        yield opened
    METADATA.drop_all(engine)
    engine.dispose()
