"""`models`, `route` and `routes`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pointsman.testing import ScriptedGateway


@pytest.fixture
def gateway(desk, tmp_path, monkeypatch):
    """An endpoint with two models, one of which the settings list."""
    with ScriptedGateway({"big": [], "small": []}) as gateway:
        settings = {
            "models": {
                "endpoints": {"desk": {"base_url": gateway.base_url, "api_key_env": "DESK_KEY"}},
                "models": [
                    {
                        "id": "big",
                        "endpoint": "desk",
                        "quality": 5,
                        "prices": {"input": 1.0, "output": 2.0},
                    },
                    {"id": "tiny", "endpoint": "desk", "roles": ["extractor"]},
                ],
            }
        }
        file = tmp_path / "models.yaml"
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        monkeypatch.setenv("POINTSMAN_CONFIG", str(file))
        monkeypatch.setenv("DESK_KEY", "sk-test")
        yield gateway


def test_list_joins_prices_health_and_routes(desk, gateway):
    """Each model stands with its price, how it has fared and who may choose it."""
    page = desk("models")
    big, tiny = desk("models", "--json").document["models"]

    assert page.code == 0
    assert "big@desk" in page.out
    assert "untried" in page.out
    assert big["usd_per_million_input"] == pytest.approx(1.0)
    assert tiny["usd_per_million_input"] is None
    assert big["routes"]
    assert not gateway.requests


def test_discovery_asks_the_endpoint(desk, gateway):
    """What an endpoint serves is listed, also what the settings do not take."""
    result = desk("models", "discover", "desk", "--json")

    assert result.code == 0, result.err
    assert set(result.document["desk"]) == {"big", "small"}


def test_discovery_of_an_unknown_endpoint_is_wrong_use(desk, gateway):
    """An endpoint that is not in the settings ends with 2."""
    assert desk("models", "discover", "nowhere").code == 2


def test_discovery_of_a_dead_endpoint_fails_by_name(desk, gateway):
    """An endpoint that does not answer ends with 1 and its name."""
    gateway.stop()

    result = desk("models", "discover", "desk")

    assert result.code == 1
    assert "models.endpoints.desk" in result.err


def test_route_is_explained_without_a_call(desk, gateway):
    """Candidates stand in order with reasons, the others with why not."""
    page = desk("route", "explain", "prove it", "--task-type", "long_reasoning", "--risk", "high")
    document = desk("route", "explain", "prove it", "--json").document

    assert page.code == 0
    assert [c["model"] for c in document["candidates"]] == ["big"]
    assert document["candidates"][0]["reason"]
    assert [e["model"] for e in document["excluded"]] == ["tiny"]
    assert "big@desk" in page.out
    assert not gateway.requests


def test_media_are_part_of_the_question(desk, gateway):
    """A request with an image has no candidate among models of text."""
    document = desk("route", "explain", "look", "--modality", "image", "--json").document

    assert all(c["adapt"] for c in document["candidates"])


def test_learning_says_honestly_what_it_is_worth(desk, tmp_path):
    """A table where nothing can be learned ends in a report that says so."""
    pytest.importorskip("sklearn")
    lines = ["prompt,weak_correct,strong_correct"]
    lines += [f"question {n},{n * 7919 % 2},{n * 104729 // 3 % 2}" for n in range(600)]
    table, saved = tmp_path / "outcomes.csv", tmp_path / "router.json"
    table.write_text("\n".join(lines), encoding="utf-8")

    result = desk("routes", "learn", "--outcomes", str(table), "--save", str(saved), "--json")

    assert result.code == 0, result.err
    assert result.document["verdict"]
    assert saved.exists()


def test_learning_from_nothing_fails_by_name(desk):
    """A log without outcomes teaches nothing."""
    pytest.importorskip("sklearn")

    assert desk("routes", "learn").code == 1


def test_missing_table_is_wrong_use(desk):
    """A file that is not there ends with 2."""
    assert desk("routes", "learn", "--outcomes", str(Path("nowhere.csv"))).code == 2
