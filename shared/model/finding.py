"""Findings: what the sweeper comes across, by the names that logs, metrics and alarms have for it.

A finding is one line of the log, whose fields are `event` (always `finding`), `finding` (a name
from below) and `count` (how many the line tells of), beside what says which one it is. A metric is
the sum of `count` over the lines of a name. A sweep that has come to its end is a line with the
`event` `sweep`, so that alarms can tell a sweeper which finds nothing from one that does not run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class LogEvent(StrEnum):
    """What a line of the log is."""

    FINDING = "finding"
    SWEEP = "sweep"


class Finding(StrEnum):
    # What was lost, and goes on.
    JOB_OVERDUE = "job_overdue"
    LEASE_EXPIRED = "lease_expired"
    UPLOAD_OVERDUE = "upload_overdue"
    UPLOAD_GIVEN_UP = "upload_given_up"
    VERSIONS_OVERDUE = "versions_overdue"
    DELIVERY_OVERDUE = "delivery_overdue"
    # What is stored and what is written down, compared.
    BLOB_SUSPECTED = "blob_suspected"
    BLOB_ORPHANED = "blob_orphaned"
    BLOB_UNKNOWN = "blob_unknown"
    ALIAS_STALE = "alias_stale"
    ASSET_MISSING = "asset_missing"
    ASSET_RESTORED = "asset_restored"
    # Credits.
    LEDGER_UNBALANCED = "ledger_unbalanced"
    # What keeps the sweeper from its work.
    SWEEP_FAILED = "sweep_failed"


class Severity(StrEnum):
    """An error calls for people, a warning for a look when there are many, the rest for nothing."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding says in words, and how bad it is."""

    text: str
    severity: Severity


MEANINGS: Mapping[Finding, Meaning] = MappingProxyType(
    {
        Finding.JOB_OVERDUE: Meaning(
            "a job should have moved, and is delivered again", Severity.WARNING
        ),
        Finding.LEASE_EXPIRED: Meaning(
            "a worker has not come back, and its step is given to another", Severity.WARNING
        ),
        Finding.UPLOAD_OVERDUE: Meaning("an upload should have come by now", Severity.INFO),
        Finding.UPLOAD_GIVEN_UP: Meaning(
            "an upload could not be decoded in several tries, and has failed", Severity.WARNING
        ),
        Finding.VERSIONS_OVERDUE: Meaning(
            "the best versions of an item were not refreshed, and are now", Severity.WARNING
        ),
        Finding.DELIVERY_OVERDUE: Meaning(
            "a webhook should have been sent, and is sent again", Severity.WARNING
        ),
        Finding.BLOB_SUSPECTED: Meaning(
            "a public file seems to be nobody's, and is looked at again", Severity.INFO
        ),
        Finding.BLOB_ORPHANED: Meaning(
            "a public file was nobody's, and is removed", Severity.WARNING
        ),
        Finding.BLOB_UNKNOWN: Meaning(
            "a public file is not one that we have written, and stays", Severity.WARNING
        ),
        Finding.ALIAS_STALE: Meaning(
            "a stable URL served what is no longer there, and is mended", Severity.WARNING
        ),
        Finding.ASSET_MISSING: Meaning("an asset is ready and its file is gone", Severity.ERROR),
        Finding.ASSET_RESTORED: Meaning(
            "the file of an asset was gone, and is there again", Severity.WARNING
        ),
        Finding.LEDGER_UNBALANCED: Meaning("credits do not balance", Severity.ERROR),
        Finding.SWEEP_FAILED: Meaning("something could not be swept", Severity.ERROR),
    }
)
