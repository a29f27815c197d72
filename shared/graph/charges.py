"""What a job pays for, and what of it is kept when it ends: the rules of money, as data.

A job pays for up to two parts, the still that it draws and the film that it animates. Everything
else (the card, cut-outs, verdicts, new takes, formats, sizes) is free.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.graph.advance import unmade
from shared.graph.prices import film_price, still_price
from shared.model.asset import WEB_FORMATS
from shared.model.credit import Part
from shared.model.job import Job, Step, StepKind, StepStatus
from shared.model.request import GenerateRequest


@dataclass(frozen=True, slots=True)
class Rule:
    """A part is charged for in a job that has the step which `made_by` names.

    It is kept when all of `delivers` was made, of what the job has of it: keys of a job's assets,
    at full size. So a film is paid for when every web format is there that was asked for, since
    those are what was bought, and given back when one could not be made, though the others stay.

    Who cancels does not get back what was made for him by then: `work`, which is what costs.
    """

    made_by: StepKind
    price: Callable[[GenerateRequest], int]
    delivers: frozenset[str]
    work: frozenset[str]


_STILL = frozenset({"image", "transparent_image"})

RULES: Mapping[Part, Rule] = MappingProxyType(
    {
        Part.STILL: Rule(StepKind.IMAGE, still_price, delivers=_STILL, work=_STILL),
        Part.FILM: Rule(
            StepKind.VIDEO,
            film_price,
            delivers=frozenset({"video", *(format_.value for format_ in WEB_FORMATS)}),
            work=frozenset({"video"}),
        ),
    }
)

CANCELED = "canceled"
"""The code of a job that its owner stopped, or whose character he deleted."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is kept of the charges of a job that has ended, and what is given back."""

    captured: int
    released: int


def charges(request: GenerateRequest, steps: Mapping[str, Step]) -> dict[Part, int]:
    """What a job of these steps pays for, in credits."""
    kinds = {step.kind for step in steps.values()}
    return {part: rule.price(request) for part, rule in RULES.items() if rule.made_by in kinds}


def owed(job: Job, steps: Mapping[str, Step]) -> dict[Part, int]:
    """What steps that take up an ended job complete of the parts which it gave back: what was
    refunded since something was missing is paid when that is made."""
    makes = {key for step in steps.values() for key in step.makes}
    missing = {part: RULES[part].delivers & set(unmade(job)) for part in _released(job)}
    return {part: job.charges[part] for part, keys in missing.items() if keys <= makes}


def settle(job: Job) -> Settlement:
    """What a job that has ended costs in the end."""
    released = sum(job.charges[part] for part in _released(job))
    return Settlement(captured=sum(job.charges.values()) - released, released=released)


def refunded(job: Job) -> int:
    """What a job has given back; nothing while it is under way."""
    return settle(job).released if job.finished else 0


def _released(job: Job) -> list[Part]:
    return [part for part in job.charges if not _is_earned(job, part)]


def _is_earned(job: Job, part: Part) -> bool:
    missing = RULES[part].delivers & set(unmade(job))
    if not missing:
        return True
    stopped = job.error is not None and job.error.code == CANCELED
    broken = any(step.status is StepStatus.FAILED for step in job.steps.values())
    done = RULES[part].work <= job.assets.keys() - missing
    return stopped and not broken and done
