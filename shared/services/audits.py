"""Audits: the entries are the truth, so each purse that was written to is added up again later."""

from datetime import timedelta
from itertools import islice
from typing import Final

from shared.model.base import instant_text
from shared.model.credit import Entry, counts
from shared.model.finding import Finding
from shared.model.shards import SHARDS
from shared.ports import Delete, Json, Ports, Query, Write
from shared.services import entities, findings, ledger, purse

AT_ONCE: Final = 20
"""Purses that one sweep looks at."""
PAGE: Final = 500
TRIES: Final = 3
LATER: Final = timedelta(minutes=10)
"""When to come back to a purse that is written to all the time."""


def sweep(ports: Ports) -> None:
    """Let periods end, and audit some of the purses that were written to yesterday or before."""
    query = Query("audits", order="at", at_most=instant_text(ports.clock.now()))
    # A purse has up to as many notes for one day as there are shards, one behind another.
    found = ports.documents.query(query, limit=AT_ONCE * SHARDS).results
    notes: dict[str, list[str]] = {}
    for document in found:
        notes.setdefault(str(document.data["workspace_id"]), []).append(document.path)
    for workspace_id, note_paths in islice(notes.items(), AT_ONCE):
        try:
            ledger.expire(ports, workspace_id)
            done = audit(ports, workspace_id) is not None
        except Exception:
            # It is tried again, and must not keep the others from being looked at.
            findings.tell(
                Finding.SWEEP_FAILED, faulty=True, workspace_id=workspace_id, what="audit"
            )
            done = False
        writes: list[Write] = [Delete(path) for path in note_paths]
        if not done:
            writes.append(purse.audit_at(workspace_id, ports.clock.now() + LATER))
        ports.documents.commit(writes)


def audit(ports: Ports, workspace_id: str) -> Json | None:
    """The counters that are not what the entries add up to, with both numbers; None when there was
    no quiet moment to compare them.

    A difference is an error in the log. Only people correct it, who find out why.
    """
    for _ in range(TRIES):
        before = purse.read(ports, workspace_id)
        summed = _sum(ports, workspace_id)
        found = purse.read(ports, workspace_id)
        if found.is_as(before):
            break
    else:
        return None
    differences: Json = {}
    for key, stored in found.numbers.items():
        if stored != summed[key]:
            name = ".".join(key)
            differences[name] = {"stored": stored, "entries": summed[key]}
            findings.tell(
                Finding.LEDGER_UNBALANCED,
                workspace_id=workspace_id,
                counter=name,
                **differences[name],
            )
    return differences


def _sum(ports: Ports, workspace_id: str) -> dict[purse.Key, int]:
    total = dict.fromkeys(purse.KEYS, 0)
    query = ledger.history(workspace_id, descending=False)
    for document in entities.every(ports.documents, query, at_once=PAGE):
        for key, by in counts([Entry.load(document.data)]).items():
            total[key] += by
    return total
