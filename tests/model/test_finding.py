"""Findings: the one vocabulary of logs, metrics and alarms."""

import pytest

from shared.model.finding import MEANINGS, Finding
from shared.services import findings


def test_every_finding_has_a_meaning_of_its_own() -> None:
    assert set(MEANINGS) == set(Finding)
    assert len({meaning.text for meaning in MEANINGS.values()}) == len(Finding)


@pytest.mark.parametrize("finding", Finding)
def test_a_finding_is_a_line_that_a_metric_can_count(
    finding: Finding, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "shared"):
        findings.tell(finding, count=3, workspace_id="w")
    [record] = caplog.records
    told = {name: record.__dict__[name] for name in ("event", "finding", "count", "workspace_id")}
    assert told == {
        "event": "finding",
        "finding": finding.value,
        "count": 3,
        "workspace_id": "w",
    }
    assert record.levelname == MEANINGS[finding].severity
