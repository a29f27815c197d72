"""Each check fires on its own drift and on nothing else; the verdicts; the words."""

from typing import Any

import pytest

from shared.character import card as cards
from shared.character.validation import LIMITS, Shows, decide, validate
from shared.model.style import Check, Decision, Measurement, Portrait, StyleCard, Verdict
from tests.character.looks import CREAM, FOX, INK, ORANGE, SCARF, colour, fox, measurement

GREEN = colour("green", "#3fae4a", 0.05, 0.1, 1.2)


def failed(verdict: Verdict) -> list[str]:
    return [check.name for check in verdict.checks if not check.passed]


def judged(seen: Measurement, **how: Any) -> Verdict:
    asked: dict[str, Any] = {"shows": Shows.FIGURE, "same_pose": True} | how
    return validate(fox(), seen, **asked)


def test_the_character_itself_is_accepted() -> None:
    verdict = judged(measurement())
    assert verdict.decision is Decision.ACCEPT
    assert {check.score for check in verdict.checks if check.name != "background"} == {1.0}
    assert verdict.drifts == ()


def test_a_scarf_in_another_hue() -> None:
    verdict = judged(measurement(ORANGE, CREAM, INK, GREEN))
    assert failed(verdict) == ["missing", "added"]
    assert verdict.drifts[0].text == "Keep the scarf blue (#2f6fe4), not green."
    assert verdict.decision is Decision.REJECT


def test_a_scarf_left_out() -> None:
    verdict = judged(measurement(ORANGE, CREAM, INK))
    assert failed(verdict) == ["missing"]
    assert verdict.drifts[0].text == "Do not leave out the scarf (blue, #2f6fe4)."


@pytest.mark.parametrize(
    ("code", "y", "is_missed"),
    [("#a8540f", 1.0, False), ("#ffffff", -0.1, False), ("#3fae4a", 1.0, True)],
    ids=["a shadow moves", "eyes close", "a part is gone"],
)
def test_what_a_pose_hides_is_not_missed(code: str, y: float, is_missed: bool) -> None:
    rest = (ORANGE, INK, SCARF)
    card = cards.make([measurement(*rest, colour("small", code, 0.015, 0.0, y))], source="x")
    verdict = validate(card, measurement(*rest), shows=Shows.FIGURE)
    assert failed(verdict) == (["missing"] if is_missed else [])


def test_shadows_are_gone_when_their_seams_are_too() -> None:
    was = measurement().shading
    fewer_tones = measurement().with_(shading=was.with_(amount=0.05))
    flat = measurement().with_(shading=was.with_(amount=0.05, seams=1.6))
    assert failed(judged(fewer_tones)) == []
    assert failed(judged(flat)) == ["shading"]
    assert judged(flat).drifts[0].text == "Keep the two-tone shading; do not draw it flat."


def test_shadows_are_gone_when_their_very_tone_is() -> None:
    tone = colour("dark orange", "#b85c12", 0.018)
    few = measurement().shading.with_(amount=0.03, least=0.03, most=0.03)
    card = cards.make([measurement(*FOX, tone).with_(shading=few)], source="x")
    less = few.with_(amount=0.012)
    moved = measurement(*FOX, tone.with_(share=0.004)).with_(shading=less)
    flat = measurement(*FOX).with_(shading=less)
    assert failed(validate(card, moved, shows=Shows.FIGURE)) == []
    verdict = validate(card, flat, shows=Shows.FIGURE)
    assert failed(verdict) == ["shading"]
    assert verdict.drifts[0].text == "Keep the two-tone shading; do not draw it flat."


@pytest.mark.parametrize(
    ("pictures", "fails"), [(1, []), (3, []), (12, ["added"]), (20, ["added"])]
)
def test_less_is_forgiven_to_a_character_that_is_known_well(
    pictures: int, fails: list[str]
) -> None:
    card = cards.make([measurement()] * pictures, source="x")
    seen = measurement(*FOX, GREEN.with_(share=0.003))
    assert failed(validate(card, seen, shows=Shows.FIGURE)) == fails


def test_something_added() -> None:
    verdict = judged(measurement(*FOX, GREEN))
    assert failed(verdict) == ["added"]
    assert verdict.drifts[0].subject == "added green"
    assert "Add nothing green (#3fae4a)" in verdict.drifts[0].text


@pytest.mark.parametrize(
    ("code", "x", "y", "spread"),
    [("#7b1f2d", 0.0, 0.45, 0.15), ("#f2a5a0", 0.0, 2.0, 0.6)],
    ids=["a mouth opens", "soles show"],
)
def test_what_a_pose_shows_is_nothing_added(code: str, x: float, y: float, spread: float) -> None:
    new = colour("new", code, 0.015, x, y)
    assert failed(judged(measurement(*FOX, new.with_(spread=spread)))) == []
    elsewhere = new.with_(spread=spread, x=1.5, y=-0.5)
    assert failed(judged(measurement(*FOX, elsewhere))) == ["added"]


def test_colours_that_all_shift() -> None:
    shifted = [ORANGE.with_(hex="#fb8f45"), CREAM.with_(hex="#fff1d6"), INK, SCARF]
    assert failed(judged(measurement(*shifted))) == ["palette"]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"line": {"weight": 0.03, "colour": "#331704"}}, "line"),
        ({"line": None}, "line"),
        ({"shading": {"kind": "flat", "amount": 0.0, "least": 0.0, "most": 0.0}}, "shading"),
        ({"cut": 0.3}, "frame"),
        ({"background": 30.0}, "background"),
        ({"proportions": {"aspect": 0.86, "head": 0.36, "widths": [0.5] * 10}}, "proportions"),
        ({"proportions": {"aspect": 0.75, "head": 0.39, "widths": [0.5] * 10}}, "proportions"),
        ({"proportions": {"aspect": 0.75, "head": 0.36, "widths": [0.6] * 10}}, "proportions"),
    ],
)
def test_every_other_drift_fires_its_check(change: dict[str, Any], check: str) -> None:
    seen = Measurement.model_validate(measurement().model_dump() | change)
    verdict = judged(seen)
    assert failed(verdict) == [check]
    assert verdict.drifts[0].text


def test_another_head() -> None:
    other = Portrait(columns=2, rows=2, cells=("", "#3fae4a", "#f57f22", "#331704"))
    assert failed(judged(measurement().with_(portrait=other))) == ["head"]


def test_a_remembered_head_is_the_same() -> None:
    other = Portrait(columns=2, rows=2, cells=("", "#3fae4a", "#f57f22", "#331704"))
    seen = measurement().with_(portrait=other)
    card = cards.merge(fox(), seen)
    assert failed(validate(card, seen, shows=Shows.FIGURE, same_pose=True)) == []


def test_proportions_are_not_asked_across_poses() -> None:
    wide = measurement().proportions.with_(aspect=1.2)
    verdict = judged(measurement().with_(proportions=wide), same_pose=False)
    assert verdict.decision is Decision.ACCEPT
    assert "proportions" not in {check.name for check in verdict.checks}


def test_features_that_somebody_missed() -> None:
    verdict = judged(measurement(), missing=["blue scarf"], added=["a hat"])
    assert failed(verdict) == ["features"]
    assert verdict.drifts[0].text == "Do not leave out the blue scarf. Do not add a hat."


UNLIKE = measurement(ORANGE, CREAM, INK, GREEN).with_(line=None, cut=0.3, background=30.0)


@pytest.mark.parametrize("card", [None, fox()])
@pytest.mark.parametrize("shows", Shows)
def test_what_a_picture_shows_decides_what_is_asked(shows: Shows, card: StyleCard | None) -> None:
    asked = ["frame", "background"]
    if card and shows is Shows.FIGURE:
        asked = ["missing", "added", "line", *asked, "features"]
    if card and shows is Shows.LOGO:
        asked = ["added", *asked]
    verdict = validate(card, UNLIKE, shows=shows, same_pose=True, missing=["a tail"])
    assert failed(verdict) == asked


def test_a_head_alone_shows_more_of_its_colours() -> None:
    alone = measurement(ORANGE, INK.with_(share=0.4), GREEN.with_(share=0.008))
    assert failed(judged(alone)) != []
    assert failed(judged(alone, shows=Shows.LOGO)) == []


@pytest.mark.parametrize(
    ("scores", "decision"),
    [
        ([1.0, 0.5], Decision.ACCEPT),
        ([0.49, 1.0], Decision.CAUTION),
        ([0.44, 1.0], Decision.REJECT),
        ([0.49, 0.49], Decision.REJECT),
    ],
)
def test_the_verdict_of_scores(scores: list[float], decision: Decision) -> None:
    checks = [Check(name="x", score=s, threshold=0.5, passed=s >= 0.5) for s in scores]
    assert decide(checks) is decision


def test_a_check_passes_up_to_its_limit() -> None:
    at, over = (measurement().with_(cut=LIMITS["frame"] * by) for by in (0.99, 1.01))
    assert failed(judged(at)) == []
    assert failed(judged(over)) == ["frame"]
