"""Programs that may not be installed: what needs one is skipped, and the run ends by saying so.

On a build server that has gcloud, a missing emulator of Google's is a mistake, and fails.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

_MARK = "NOT TESTED: "


def require(name: str, found: Path | None, how_to_get: str, *, comes_with: str = "gcloud") -> Path:
    """What was found of the program `name`; without it the test is skipped, loudly.

    Where a build server has the program that it comes with, it fails.
    """
    if found is not None:
        return found
    reason = f"{_MARK}{name} is missing. {how_to_get}"
    if os.environ.get("CI") == "true" and comes_with and shutil.which(comes_with):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def summary(skipped: Iterable[Any]) -> list[str]:
    """What to say at the end of a run about the reports of its skipped tests."""
    reasons = Counter(_reason(report) for report in skipped)
    return [
        f"{count} {'test was' if count == 1 else 'tests were'} skipped. {reason}"
        for reason, count in sorted(reasons.items())
        if reason.startswith(_MARK)
    ]


def _reason(report: Any) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    return str(reason).removeprefix("Skipped: ")
