"""Cautions: counted instead of repeated, gone when they stop recurring, and obedient to hands."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from shared.character.cautions import EXPIRES, MOST, active, edit, record, retire
from shared.model.style import Caution, Check, Decision, Drift, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count()


def drifted(*subjects: str, score: float = 0.3, text: str = "Keep the {}.") -> Verdict:
    drifts = [Drift(check="missing", subject=s, text=text.format(s), score=score) for s in subjects]
    return Verdict(decision=Decision.CAUTION, checks=(), drifts=tuple(drifts))


LOOKED = Check(name="missing", score=1.0, threshold=0.5, passed=True)
CLEAN = Verdict(decision=Decision.ACCEPT, checks=(LOOKED,), drifts=())


def after(
    cautions: tuple[Caution, ...], *verdicts: Verdict, asset: str = "a", hours: int = 0
) -> tuple[Caution, ...]:
    for verdict in verdicts:
        cautions = record(
            verdict,
            cautions,
            asset_id=asset,
            now=NOW + timedelta(hours=hours),
            new_id=lambda: f"c{next(_numbers)}",
        )
    return cautions


def test_a_drift_becomes_a_caution_with_its_provenance() -> None:
    (caution,) = after((), drifted("scarf"), asset="asset-1")
    assert (caution.check, caution.subject, caution.text) == ("missing", "scarf", "Keep the scarf.")
    assert (caution.asset_id, caution.score, caution.count) == ("asset-1", 0.3, 1)
    assert caution.first_seen == caution.last_seen == NOW


def test_the_same_again_counts_up() -> None:
    first = after((), drifted("scarf"), CLEAN)
    (caution,) = after(first, drifted("Scarf ", score=0.1, text="New: {}"), asset="b", hours=2)
    assert (caution.count, caution.clean_images, caution.score) == (2, 0, 0.1)
    assert (caution.asset_id, caution.first_seen) == ("a", NOW)
    assert caution.last_seen == NOW + timedelta(hours=2)
    assert caution.text == "New: Scarf "


def test_another_subject_is_another_caution() -> None:
    assert len(after((), drifted("scarf", "hat"), drifted("tail"))) == 3


def test_what_stops_recurring_expires() -> None:
    cautions = after((), drifted("scarf"), *[CLEAN] * (EXPIRES - 1))
    assert cautions[0].clean_images == EXPIRES - 1
    elsewhere = CLEAN.with_(checks=(LOOKED.with_(name="frame"),))
    assert after(cautions, elsewhere) == cautions, "who did not look has not found it clean"
    assert after(cautions, CLEAN) == ()
    assert after(cautions, drifted("scarf"), *[CLEAN] * (EXPIRES - 1)) != ()


def test_a_retired_caution_stays_away() -> None:
    first = after((), drifted("scarf"))
    retired = retire(first, first[0].id)
    assert active(retired) == ()
    later = after(retired, *[CLEAN] * (EXPIRES + 1), drifted("scarf"))
    assert len(later) == 1
    assert later[0].retired
    assert active(later) == ()


def test_an_edited_text_is_kept() -> None:
    first = after((), drifted("scarf"))
    edited = edit(first, first[0].id, "The scarf is royal blue.")
    (caution,) = after(edited, drifted("scarf"))
    assert (caution.text, caution.count) == ("The scarf is royal blue.", 2)


@pytest.mark.parametrize("change", [retire, lambda c, i: edit(c, i, "x")])
def test_an_unknown_id_is_an_error(change: object) -> None:
    assert callable(change)
    with pytest.raises(KeyError):
        change(after((), drifted("scarf")), "nobody")


def test_the_most_frequent_come_first_and_not_too_many() -> None:
    many = [f"part {number}" for number in range(MOST + 3)]
    cautions = after(after((), drifted(*many)), drifted("part 9"), hours=1)
    texts = active(cautions)
    assert texts[0] == "Keep the part 9."
    assert len(texts) == MOST
