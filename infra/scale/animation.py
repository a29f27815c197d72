"""The graph of one animation, as the planner makes it, in the form that a simulation needs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from shared.graph.plan import plan
from shared.model.collection import Collection, Settings
from shared.model.item import Item, ItemType
from shared.model.job import Job, StepKind
from shared.model.request import GenerateRequest, GenerateType

SIZES: Final = (256, 128, 64)
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Node:
    """A step: which others it needs, by their numbers, and whether a stored file fires it. `again`
    are the steps that begin anew when it sends its drafts back; it is one of them, if there are
    any."""

    name: str
    kind: StepKind
    needs: tuple[int, ...]
    fired: bool
    again: tuple[int, ...]


class _Ids:
    """Ids are of no consequence here, but must differ."""

    def __init__(self) -> None:
        self._count = 0

    def uuid(self) -> str:
        self._count += 1
        return f"00000000-0000-4000-8000-{self._count:012d}"

    def token(self, length: int) -> str:
        return self.uuid().replace("-", "")[-length:]


@cache
def job() -> Job:
    """An animation in three sizes of a character that is known already."""
    collection = Collection(
        id="collection",
        created_at=_NOW,
        updated_at=_NOW,
        project_id="project",
        name="Felix",
        slug="felix",
        prompt="an orange fox",
        seed=7,
        settings=Settings(animation_sizes=SIZES),
    )
    item = Item(
        id="item",
        created_at=_NOW,
        updated_at=_NOW,
        project_id="project",
        collection_id="collection",
        type=ItemType.ANIMATION,
        name="Wave",
        slug="wave",
    )
    request = GenerateRequest(
        type=GenerateType.ANIMATION,
        name="Wave",
        image_prompt="waving hello",
        animation_prompt="waves happily",
    )
    return plan(
        request,
        workspace_id="workspace",
        user_prefix="prefix",
        collection=collection,
        item=item,
        ids=_Ids(),
        now=_NOW,
    ).job


@cache
def graph() -> tuple[Node, ...]:
    """The steps of an animation in the order of the plan."""
    steps = job().steps
    number = {name: place for place, name in enumerate(steps)}
    nodes = []
    for name, step in steps.items():
        # What `advance` makes anew with a judge: whatever drafted the files that it accepts.
        drafters = [other for other, one in steps.items() if set(one.drafts) & set(step.makes)]
        nodes.append(
            Node(
                name=name,
                kind=step.kind,
                needs=tuple(number[need] for need in step.needs),
                fired=step.fired_by is not None,
                again=tuple(number[other] for other in (*drafters, name)) if drafters else (),
            )
        )
    return tuple(nodes)
