"""Validation: a measured picture against the character's card, as scores, drifts and a verdict.

Every check gives a distance and has a limit. The score is 1 − distance / (2 × limit), held to 0 to
1, so that every threshold is `PASS`. A picture whose checks all pass is accepted; a score under
`REJECT`, or several failed checks, reject it; what is between is accepted with a caution.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from shared.character import checks as looks
from shared.character.checks import Finding
from shared.model.style import Check, Decision, Drift, Measurement, StyleCard, Verdict


class Shows(StrEnum):
    """What a picture shows, which decides which checks mean anything: the whole figure, the head
    alone as a logo, or a figure that was changed on purpose."""

    FIGURE = "figure"
    LOGO = "logo"
    EDIT = "edit"


PASS = 0.5
REJECT = 0.45
TOO_MANY = 2
"""Failed checks at which a picture is rejected, however near each is."""

LIMITS = {
    "palette": 3.0,
    "missing": 0.8,
    "added": 0.004,
    "line": 0.26,
    "shading": 0.22,
    "head": 5.0,
    "frame": 0.09,
    "background": 8.0,
    "proportions": 0.06,
    "features": 0.5,
}
"""The distance up to which each check passes, in the unit that its function names."""

KNOWN = {"missing": 0.75, "added": 0.0015, "shading": 0.14}
"""The same for a character that is known well. A card from few pictures has not seen all that
poses do, so that it has to forgive more."""
FEW, MANY = 3, 12
"""Pictures on a card up to which `LIMITS` hold, and from which on `KNOWN` do."""

_FIGURE: Mapping[str, Callable[[StyleCard, Measurement], Finding]] = {
    "palette": looks.palette,
    "missing": looks.missing_colours,
    "added": looks.added_colours,
    "line": looks.line,
    "shading": looks.shading,
    "head": looks.head,
}
_BY_CARD = {
    Shows.FIGURE: _FIGURE,
    Shows.LOGO: {"palette": looks.palette, "added": looks.strange_colours},
    Shows.EDIT: {},
}
_ALWAYS: Mapping[str, Callable[[Measurement], Finding]] = {
    "frame": looks.frame,
    "background": looks.background,
}


def applicable(shows: Shows) -> frozenset[str]:
    """The names of the checks that mean anything for what a picture shows."""
    of_figures = {"proportions", "features"} if shows is Shows.FIGURE else set()
    return frozenset({*_BY_CARD[shows], *_ALWAYS, *of_figures})


def validate(
    card: StyleCard | None,
    measurement: Measurement,
    *,
    shows: Shows,
    same_pose: bool = False,
    missing: Sequence[str] = (),
    added: Sequence[str] = (),
) -> Verdict:
    """Judge a picture; without a card only its frame and background.

    Of a whole figure, `same_pose` says that it stands in the card's pose; `missing` and `added` are
    features that a vision provider missed or saw unasked.
    """
    findings: dict[str, Finding] = {}
    if card is not None:
        findings |= {name: look(card, measurement) for name, look in _BY_CARD[shows].items()}
    findings |= {name: look(measurement) for name, look in _ALWAYS.items()}
    if card is not None and shows is Shows.FIGURE:
        if same_pose:
            findings["proportions"] = looks.proportions(card, measurement)
        findings["features"] = looks.features(missing, added)
    pictures = card.pictures if card else 0
    checks = tuple(
        _check(name, finding.distance, _limit(name, pictures)) for name, finding in findings.items()
    )
    drifts = tuple(
        Drift(check=check.name, subject=found.subject, text=found.text, score=check.score)
        for check, found in zip(checks, findings.values(), strict=True)
        if not check.passed
    )
    return Verdict(decision=decide(checks), checks=checks, drifts=drifts)


def decide(checks: Iterable[Check]) -> Decision:
    """The verdict that checks amount to."""
    failed = [check.score for check in checks if not check.passed]
    if not failed:
        return Decision.ACCEPT
    if min(failed) < REJECT or len(failed) >= TOO_MANY:
        return Decision.REJECT
    return Decision.CAUTION


def _limit(name: str, pictures: int) -> float:
    known = min(1.0, max(0.0, (pictures - FEW) / (MANY - FEW)))
    return LIMITS[name] + known * (KNOWN.get(name, LIMITS[name]) - LIMITS[name])


def _check(name: str, distance: float, limit: float) -> Check:
    score = round(min(1.0, max(0.0, 1 - distance / (2 * limit))), 4)
    return Check(name=name, score=score, threshold=PASS, passed=score >= PASS)
