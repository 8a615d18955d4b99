from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest

from pointsman.testing import ScriptedGateway

Connect = Callable[..., openai.OpenAI]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Clients without retries of their own, closed at the end."""
    with ExitStack() as clients:

        def client(gateway: ScriptedGateway, *, timeout: float = 5.0, **options: Any) -> Any:
            options = {"api_key": "sk-test", "max_retries": 0, **options}
            made = openai.OpenAI(base_url=gateway.base_url, timeout=timeout, **options)
            return clients.enter_context(made)

        yield client
