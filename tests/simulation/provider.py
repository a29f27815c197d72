"""Tiny steps: what they make says which attempt made it, and they have every fault that real ones
have, with a provider that counts what it is paid for."""

from collections import Counter
from pathlib import Path

from shared.errors import PermanentError, TransientError
from shared.model.asset import beside
from shared.model.job import Retake, StepKind
from shared.providers.base import Later, Refused, Waiting
from shared.services.steps import (
    Accepted,
    Made,
    MadeFile,
    SentBack,
    StepContext,
    StepResult,
)
from tests.services.world import DRIFT, PROVENANCE, extract, remark, take_in
from tests.simulation.hub import Hub

RETAKES = 2
PAID = (StepKind.IMAGE, StepKind.VIDEO)
FAULTS = ("transient", "permanent", "unforeseen", "later", "refused")
DECLINED = ("transient", "later", "refused")
"""The faults that a provider answers a submit with, of which it then does nothing."""

Take = tuple[str, str, int]


class Unforeseen(RuntimeError):
    """What no code expects."""


class Provider:
    def __init__(self, hub: Hub, *, paid: bool) -> None:
        self.submits: Counter[Take] = Counter()
        """How often each take was ordered and paid for."""
        self.struck: Counter[tuple[str, str]] = Counter()
        """How often a step had a fault of its own, which are not the faults of its worker."""
        self.ended: Counter[tuple[str, str]] = Counter()
        """How often such a fault was one that ends the step."""
        self.runs = 0
        self._hub = hub
        self._paid = paid

    def run(self, context: StepContext) -> StepResult:
        """The code of every kind of step that is not wholly ours."""
        self.runs += 1
        kind = context.step.kind
        if kind is StepKind.STYLE_CARD:
            return self._fault(context) or extract(context)
        if kind is StepKind.INTAKE:
            return self._fault(context) or take_in(context)
        for role in context.step.inputs:
            context.source(role)
        context.progress(0.5)
        if kind is StepKind.VALIDATE:
            return self._fault(context) or self._judge(context)
        if kind in PAID and self._paid:
            return self._order(context)
        return self._fault(context) or _draw(context)

    def _fault(self, context: StepContext, *, of: tuple[str, ...] = FAULTS) -> StepResult | None:
        """Some fault: raised, or as the result of the step; mostly none."""
        dice = self._hub.dice
        if not (self._hub.weather.provider and dice.random() < self._hub.weather.provider):
            return None
        fault = dice.choice(of)
        about = (context.job.id, _step_id(context))
        self._hub.met[f"provider: {fault}"] += 1
        self._hub.say(f"  … {fault}")
        if fault == "later":
            return Later(dice.choice((0.5, 20.0, 400.0)))
        self.struck[about] += 1
        if fault == "transient":
            raise TransientError("boom", "It may work the next time.")
        if fault == "unforeseen":
            raise Unforeseen
        self.ended[about] += 1
        if fault == "permanent":
            raise PermanentError("broken", "It will never work.")
        return Refused("Nobody draws that.")

    def _order(self, context: StepContext) -> StepResult:
        """What is paid for: asked for once, then asked after until it is there."""
        dice, step = self._hub.dice, context.step
        if step.operation is None:
            context.intend()
            self._hub.before("provider.submit")
            if fault := self._fault(context, of=DECLINED):
                return fault
            self.submits[context.job.id, _step_id(context), step.first_attempt] += 1
            self._hub.met["provider: paid"] += 1
            self._hub.before("provider.answer")
            if step.kind is StepKind.VIDEO and dice.random() < 0.7:
                return Waiting(f"operation-{step.attempt}", dice.choice((1.0, 30.0, 300.0)))
        else:
            self._hub.before("provider.poll", effect=False)
            if fault := self._fault(context):
                return fault
            if self._hub.weather.provider and dice.random() < 0.3:
                self._hub.met["provider: still waiting"] += 1
                return Waiting(step.operation, dice.choice((1.0, 30.0, 300.0)))
        return _draw(context)

    def _judge(self, context: StepContext) -> StepResult:
        dice, chance = self._hub.dice, self._hub.weather.judge
        outputs = {key: context.draft(key) for key in context.step.makes}
        learned = remark(context)
        if chance and dice.random() < chance:
            if len(context.step.retakes) < RETAKES:
                self._hub.met["judge: sent back"] += 1
                return SentBack(Retake(reasons=(DRIFT.text,), score=0.1, sha256=""), learned)
            self._hub.met["judge: needs review"] += 1
            return Accepted(outputs, needs_review=True, learned=learned)
        return Accepted(outputs, learned=learned)


def _draw(context: StepContext) -> Made:
    files = {}
    for key in context.step.files:
        target = context.target(key)
        for path in beside(str(target), context.job.assets[key].siblings):
            text = f"{Path(path).name} of attempt {context.step.attempt} at {context.job.id}"
            Path(path).write_text(text)
        files[key] = MadeFile(target, width=64, height=64, provenance=PROVENANCE)
    return Made(files, cost_usd=0.01)


def _step_id(context: StepContext) -> str:
    return next(id_ for id_, step in context.job.steps.items() if step is context.step)
