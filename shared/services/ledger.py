"""The ledger: every movement of credits is an entry, in the very batch of what causes it.

A hold is written with its job, a capture or a release with the job's end, so that no crash can part
them. An entry's id is made of its job and its kind, and it is created, never replaced: none is
written twice. Where credits are not metered nothing is refused; it is all counted nevertheless, in
a bucket of its own.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from shared.config import Settings
from shared.errors import BadRequest, Busy, Conflict, InsufficientCredits, NotFound
from shared.graph import charges
from shared.model import paths, shards
from shared.model.base import instant_text
from shared.model.credit import METERED, Balance, Bucket, Counter, Entry, EntryKind, less, spend
from shared.model.job import Job
from shared.model.shards import SHARDS
from shared.ports import Ports, Query, Write
from shared.services import contention, purse

log = logging.getLogger(__name__)

SUBSCRIBED: Final = (Bucket.SUBSCRIPTION, Counter.AVAILABLE)

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


# --- jobs ----------------------------------------------------------------------------------------


def begin(
    ports: Ports,
    settings: Settings,
    job: Job,
    creation: Callable[[], Sequence[Write]],
    *,
    held: bool = False,
) -> None:
    """Create a job together with the hold of what it costs, and of what those cost that it
    promises; of what is `held` already there is none.

    InsufficientCredits says what is required and what there is; then nothing was written. Conflict
    when the job is there already, and holds what it costs.
    """
    begin_all(ports, settings, [job], creation, held=held)


def begin_all(
    ports: Ports,
    settings: Settings,
    jobs: Sequence[Job],
    creation: Callable[[], Sequence[Write]],
    *,
    held: bool = False,
) -> None:
    """The same for some jobs of one workspace, in one batch: either all are created and their
    whole price is held, or nothing is written."""
    path = paths.job(jobs[0].workspace_id, jobs[0].id)
    for attempt in contention.tries(ports):
        writes = creation()
        try:
            holds = [] if held else hold(ports, settings, jobs, attempt)
            ports.documents.commit([*writes, *holds])
        except (Conflict, InsufficientCredits) as error:
            if ports.documents.get(path):
                raise Conflict("This was begun before.") from error
            if isinstance(error, InsufficientCredits):
                raise
        else:
            return
    raise Busy("This workspace's credits are spent by too many at this moment.", retry_after=1)


def hold(ports: Ports, settings: Settings, jobs: Sequence[Job], attempt: int = 0) -> list[Write]:
    """The writes that set aside what some jobs of one workspace cost, and each of those that they
    promise: the whole price at once, from whichever shards have it. Each attempt looks at another
    shard first. Conflict when it has to be tried again."""
    costs = [(job, id_, cost) for job in jobs for id_, cost in _costs(job).items() if cost]
    if not costs:
        return []
    workspace_id = jobs[0].workspace_id
    if not settings.metered:
        entries = [_hold(ports, job, id_, {Bucket.UNMETERED: cost}) for job, id_, cost in costs]
        return purse.booked(ports, workspace_id, entries)
    total = sum(cost for _, _, cost in costs)
    taken = purse.take(ports, workspace_id, total, (shards.of(jobs[0].id) + attempt) % SHARDS)
    if sum(taken.buckets.values()) < total:
        require(balance(ports, workspace_id), total)
        raise Conflict("There is enough by now.")
    left, entries = taken.buckets, []
    for job, id_, cost in costs:
        entries.append(_hold(ports, job, id_, spend(left, cost)))
        left = less(left, entries[-1].buckets)
    return purse.booked(ports, workspace_id, entries, taken.writes)


def require(there: Balance, cost: int) -> None:
    """InsufficientCredits unless so much can be spent."""
    if there.spendable < cost:
        raise InsufficientCredits(
            f"This needs {cost} of your credits, and {there.spendable} can be spent.",
            required=cost,
            balance=there.total,
            available=there.spendable,
        )


def settlement(ports: Ports, before: Job, after: Job) -> list[Write]:
    """The writes that a change calls for which has ended a job: what was held for it is captured
    as far as it was earned, and the rest goes back to the buckets that it came from; so does what
    was held for those that it has promised, and will never begin."""
    if before.finished or not after.finished:
        return []
    entries = _given_back(ports, after.workspace_id, after.promises)
    path = paths.credit_entry(after.workspace_id, _id(after.id, EntryKind.HOLD))
    # Nobody held anything for what is free, or was begun before there was a ledger.
    document = ports.documents.get(path) if after.charges else None
    if document is not None:
        held = Entry.load(document.data)
        captured = spend(held.buckets, charges.settle(after).captured)
        parts = {EntryKind.CAPTURE: captured, EntryKind.RELEASE: less(held.buckets, captured)}
        entries += [
            _after(ports, held, kind, buckets) for kind, buckets in parts.items() if buckets
        ]
    return purse.booked(ports, after.workspace_id, entries) if entries else []


def release(ports: Ports, workspace_id: str, job_id: str) -> list[Write]:
    """The writes that give back what was held for a job that will never begin."""
    entries = _given_back(ports, workspace_id, [job_id])
    return purse.booked(ports, workspace_id, entries) if entries else []


def _given_back(ports: Ports, workspace_id: str, job_ids: Iterable[str]) -> list[Entry]:
    wanted = [paths.credit_entry(workspace_id, _id(id_, EntryKind.HOLD)) for id_ in job_ids]
    found = ports.documents.get_many(wanted) if wanted else []
    holds = [Entry.load(document.data) for document in found if document]
    return [_after(ports, held, EntryKind.RELEASE, held.buckets) for held in holds]


def _costs(job: Job) -> dict[str, int]:
    """What a job costs, and each of those that it promises, by their ids."""
    promised = {id_: promise.cost for id_, promise in job.promises.items()}
    return {**promised, job.id: sum(job.charges.values())}


def _hold(ports: Ports, job: Job, job_id: str, buckets: dict[Bucket, int]) -> Entry:
    """The hold for a job, or for one that it promises."""
    now, promised = ports.clock.now(), job.promises.get(job_id)
    return Entry(
        id=_id(job_id, EntryKind.HOLD),
        created_at=now,
        updated_at=now,
        kind=EntryKind.HOLD,
        buckets=buckets,
        job_id=job_id,
        item_id=promised.item_id if promised else job.item_id,
        item_name=promised.item_name if promised else job.item_name,
    )


def _after(ports: Ports, held: Entry, kind: EntryKind, buckets: dict[Bucket, int]) -> Entry:
    """What becomes of a hold."""
    now = ports.clock.now()
    id_ = _id(held.job_id or "-", kind)
    return held.with_(id=id_, created_at=now, updated_at=now, kind=kind, buckets=buckets)


def _id(job_id: str, kind: EntryKind) -> str:
    return f"{job_id}.{kind}"


# --- grants and expiry ---------------------------------------------------------------------------


def grant(
    ports: Ports,
    workspace_id: str,
    amount: int,
    bucket: Bucket,
    *,
    ends_at: datetime | None = None,
    reference: str | None = None,
) -> Entry:
    """Give a workspace credits. `ends_at` is when what is then left of the subscription expires,
    what was left of it before included; None: never.

    Conflict when there was a grant of that `reference` already.
    """
    entry = _granted(ports, amount, bucket, ends_at, reference)
    if ports.documents.get(paths.workspace(workspace_id)) is None:
        raise NotFound("There is no such workspace.")
    for _ in contention.tries(ports):
        expire(ports, workspace_id)
        if ports.documents.get(paths.credit_entry(workspace_id, entry.id)):
            raise Conflict(f"There was a grant of the reference {reference!r} already.")
        replaced: list[Write] = []
        if bucket is Bucket.SUBSCRIPTION:
            end = instant_text(ends_at) if ends_at else None
            found = purse.read(ports, workspace_id, [SUBSCRIBED])
            if found.left_over(entry.created_at):
                continue  # it could not expire just now
            parts = shards.split(amount, shards.of(entry.id))
            # All shards are replaced: each of them says when it ends.
            every = {shard: parts.get(shard, 0) for shard in range(SHARDS)}
            replaced = found.changed(bucket, every, ends_at=end)
        writes = purse.booked(ports, workspace_id, [entry], replaced)
        if ends_at:
            writes.append(purse.audit_at(workspace_id, ends_at))
        try:
            ports.documents.commit(writes)
        except Conflict:
            continue
        return entry
    raise Busy("This workspace's credits are spent by too many at this moment.", retry_after=1)


def _granted(
    ports: Ports, amount: int, bucket: Bucket, ends_at: datetime | None, reference: str | None
) -> Entry:
    now = ports.clock.now()
    if amount < 1:
        raise BadRequest("must be at least 1", field="amount")
    if bucket not in METERED:
        raise BadRequest(f"must be {' or '.join(METERED)}", field="bucket")
    if ends_at and bucket is not Bucket.SUBSCRIPTION:
        raise BadRequest("only the credits of a subscription have an end", field="ends_at")
    if ends_at and ends_at <= now:
        raise BadRequest("must be in the future", field="ends_at")
    if reference and not _REFERENCE.fullmatch(reference):
        raise BadRequest("must be up to 80 letters, digits, dots and dashes", field="reference")
    return Entry(
        id=f"{reference or ports.ids.uuid()}.{EntryKind.GRANT}",
        created_at=now,
        updated_at=now,
        kind=EntryKind.GRANT,
        buckets={bucket: amount},
        reference=reference,
        ends_at=ends_at,
    )


def expire(ports: Ports, workspace_id: str) -> None:
    """Take what is left of a subscription whose period is over."""
    found, now = purse.read(ports, workspace_id, [SUBSCRIBED]), ports.clock.now()
    left = found.left_over(now)
    if not left:
        return
    entry = Entry(
        # What was left is replaced, so that it is taken once.
        id=f"{ports.ids.uuid()}.{EntryKind.EXPIRY}",
        created_at=now,
        updated_at=now,
        kind=EntryKind.EXPIRY,
        buckets={Bucket.SUBSCRIPTION: left},
        ends_at=found.ends_at,
    )
    parts = found.spendable(Bucket.SUBSCRIPTION)
    replaced = found.changed(
        Bucket.SUBSCRIPTION, {shard: -part for shard, part in parts.items() if part}
    )
    try:
        ports.documents.commit(purse.booked(ports, workspace_id, [entry], replaced))
    except Conflict:
        log.info("a subscription changed while it expired", extra={"workspace": workspace_id})


# --- reading -------------------------------------------------------------------------------------


def balance(ports: Ports, workspace_id: str) -> Balance:
    """What a workspace has at this moment."""
    keys = [(bucket, counter) for bucket in METERED for counter in Counter]
    return purse.read(ports, workspace_id, keys).balance(ports.clock.now())


def history(workspace_id: str, *, descending: bool = True) -> Query:
    """The entries of a workspace, the latest first."""
    return Query(paths.collection_of(workspace_id, "credit_entries"), descending=descending)
