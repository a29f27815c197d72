"""How a finding is told: as one line of the log, which is also what metrics count."""

import logging

from shared.model.finding import MEANINGS, Finding, LogEvent

log = logging.getLogger(__name__)


def tell(finding: Finding, *, count: int = 1, faulty: bool = False, **about: object) -> None:
    """Log a finding; `about` are fields that say which one. `faulty` adds the fault that is being
    handled, with its traceback."""
    meaning = MEANINGS[finding]
    fields = {"event": LogEvent.FINDING.value, "finding": finding.value, "count": count}
    level = logging.getLevelNamesMapping()[meaning.severity]
    log.log(level, meaning.text, exc_info=faulty, extra={**about, **fields})
