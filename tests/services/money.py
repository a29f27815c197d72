"""Money in a test's world, and what must be so of it whatever has happened."""

from shared.model.credit import METERED, Bucket, Counter, Entry, EntryKind, Part
from shared.model.job import Job, JobStatus, JobType, Step, StepKind, StepStatus
from shared.ports import Ports
from shared.services import audits, ledger, purse
from tests.services.world import Tenant, World

SETTLED = {EntryKind.CAPTURE, EntryKind.RELEASE}


def priced(ports: Ports, workspace_id: str, charges: dict[Part, int]) -> Job:
    """A job of two steps, a still and a film, that pays for some parts."""
    now = ports.clock.now()
    return Job(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        type=JobType.ANIMATION,
        cost_credits=sum(charges.values()),
        charges=charges,
        steps={
            "image": Step(kind=StepKind.IMAGE, makes=("image",)),
            "video": Step(kind=StepKind.VIDEO, makes=("video",)),
        },
    )


def ended(job: Job, made: int) -> Job:
    """Such a job when it has ended, and has made so many of the two."""
    steps = {
        id_: step.with_(status=StepStatus.SUCCEEDED if number < made else StepStatus.SKIPPED)
        for number, (id_, step) in enumerate(job.steps.items())
    }
    return job.with_(status=JobStatus.COMPLETED, steps=steps)


def meter(world: World, tenant: Tenant, **grants: int) -> None:
    """Let credits count, and give some to a tenant."""
    world.settings = world.settings.model_copy(update={"metered": True})
    for bucket, amount in grants.items():
        ledger.grant(world.ports, tenant.who.workspace_id, amount, Bucket(bucket))


def available(world: World, tenant: Tenant) -> dict[Bucket, int]:
    return ledger.balance(world.ports, tenant.who.workspace_id).available


def entries(world: World, tenant: Tenant) -> list[Entry]:
    return [Entry.load(found.data) for found in world.documents(tenant, "credit_entries")]


def booked(world: World, tenant: Tenant, job: Job) -> dict[EntryKind, dict[Bucket, int]]:
    """The entries of a job, none of which there may be twice."""
    found = [entry for entry in entries(world, tenant) if entry.job_id == job.id]
    kinds = {entry.kind: entry.buckets for entry in found}
    assert len(kinds) == len(found)
    return kinds


def balances(world: World, tenant: Tenant) -> None:
    """The counters are what the entries say, every job's hold was made, and that of a job that has
    ended was captured or given back, once and to the last credit; of what was promised and never
    begun, all was given back."""
    for job in world.jobs(tenant):
        found = booked(world, tenant, job)
        if not job.cost_credits:
            assert found == {}
            continue
        hold = found.pop(EntryKind.HOLD)
        assert sum(hold.values()) == job.cost_credits
        if not job.finished:
            assert found == {}
            continue
        assert found
        assert found.keys() <= SETTLED
        for bucket, amount in hold.items():
            assert sum(part.get(bucket, 0) for part in found.values()) == amount
    jobs = {job.id: job for job in world.jobs(tenant)}
    promised = {id_ for job in jobs.values() if not job.finished for id_ in job.promises}
    others = {one.job_id for one in entries(world, tenant) if one.job_id} - jobs.keys()
    for job_id in others:  # promised, and not begun
        some = {one.kind: one.buckets for one in entries(world, tenant) if one.job_id == job_id}
        given_back = {} if job_id in promised else {EntryKind.RELEASE: some[EntryKind.HOLD]}
        assert some == {EntryKind.HOLD: some[EntryKind.HOLD], **given_back}

    total = dict.fromkeys(EntryKind, 0)
    for entry in entries(world, tenant):
        total[entry.kind] += entry.amount
    counters = purse.read(world.ports, tenant.who.workspace_id)
    assert all(left >= 0 for bucket in METERED for left in counters.spendable(bucket).values())
    numbers = counters.numbers
    held = sum(numbers[bucket, Counter.HELD] for bucket in Bucket)
    left = sum(numbers[bucket, Counter.AVAILABLE] for bucket in Bucket)
    granted = total[EntryKind.GRANT] - total[EntryKind.EXPIRY]
    assert granted - total[EntryKind.CAPTURE] - held == left
    assert audits.audit(world.ports, tenant.who.workspace_id) == {}
