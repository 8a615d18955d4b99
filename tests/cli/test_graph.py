"""`graph`."""

from __future__ import annotations


def test_mermaid_shows_the_inside_of_the_lane(desk):
    """The text names every node, the lane's own included."""
    result = desk("graph")

    assert result.code == 0
    for node in ("normalize", "plan", "gate", "synthesize", "route", "act", "verify"):
        assert f"{node}(" in result.out


def test_graph_as_data(desk):
    """As JSON it is nodes, edges and the Mermaid text."""
    document = desk("graph", "--json").document

    assert {"lane:route", "lane:act", "lane:verify"} <= {n["id"] for n in document["nodes"]}
    assert document["mermaid"].startswith("---")
