"""What LangSmith's experiments return, which its public modules do not name.

`aevaluate` returns an object of a private module, whose rows are typed there too. Nothing of it is
imported when the program runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langsmith.evaluation._arunner import AsyncExperimentResults as AsyncExperimentResults
    from langsmith.evaluation._runner import ExperimentResultRow as ExperimentResultRow
