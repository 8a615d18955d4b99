"""What is read of LangSmith's own results: these fail when one of them changes."""

from __future__ import annotations

from langsmith.evaluation import _arunner, _runner


def test_an_experiments_results_still_have_what_is_read() -> None:
    """Their name and address, their rows as they come, and the wait for the last."""
    results = _arunner.AsyncExperimentResults

    assert isinstance(results.experiment_name, property)
    assert callable(results.__aiter__)
    assert callable(results.wait)
    assert callable(results.get_comparison_url)


def test_a_row_still_has_what_is_read() -> None:
    """Run, example and the evaluators' results."""
    assert set(_runner.ExperimentResultRow.__annotations__) >= {
        "run",
        "example",
        "evaluation_results",
    }
