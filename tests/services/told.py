"""What the log tells of findings."""

from collections import Counter

import pytest

from shared.model.finding import Finding, LogEvent


def told(caplog: pytest.LogCaptureFixture) -> Counter[Finding]:
    """How many findings of each name were told since this was asked the last time."""
    found: Counter[Finding] = Counter()
    for record in caplog.records:
        if record.__dict__.get("event") == LogEvent.FINDING:
            found[Finding(record.__dict__["finding"])] += record.__dict__["count"]
    caplog.clear()
    return found
