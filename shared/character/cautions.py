"""Cautions: what went wrong before, kept until it stops going wrong.

A caution is about a check and a subject; seeing the same again counts up instead of adding another.
After `EXPIRES` pictures in a row that do not show it, it is gone. What was edited or retired by
hand is kept: an edited text is never overwritten, and a retired caution neither comes back nor
expires, since that would make room for it to come back.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime

from shared.model.style import Caution, Drift, Verdict

EXPIRES = 8
"""Clean pictures in a row after which a caution is gone."""
MOST = 12
"""Cautions that a prompt takes; more make a model careless."""


def record(
    verdict: Verdict,
    cautions: Sequence[Caution],
    *,
    asset_id: str,
    now: datetime,
    new_id: Callable[[], str],
) -> tuple[Caution, ...]:
    """The cautions after one more judged picture."""
    drifts = {_meaning(drift): drift for drift in verdict.drifts}
    checked = {check.name for check in verdict.checks}
    kept = []
    for caution in cautions:
        drift = drifts.pop(_meaning(caution), None)
        after: Caution | None = caution
        if drift:
            after = _seen(caution, drift, now)
        elif caution.check in checked:  # who did not look cannot have found it clean
            after = _unseen(caution)
        if after:
            kept.append(after)
    kept += [_new(drift, asset_id, now, new_id()) for drift in drifts.values()]
    return tuple(kept)


def edit(cautions: Sequence[Caution], caution_id: str, text: str) -> tuple[Caution, ...]:
    """The cautions with one text written by hand. Raises KeyError for an unknown id."""
    return _changed(cautions, caution_id, text=text, edited=True)


def retire(
    cautions: Sequence[Caution], caution_id: str, *, retired: bool = True
) -> tuple[Caution, ...]:
    """The cautions with one switched off for good, or on again. Raises KeyError for an unknown
    id."""
    return _changed(cautions, caution_id, retired=retired)


def active(cautions: Iterable[Caution], *, checks: Container[str] | None = None) -> tuple[str, ...]:
    """The texts for the next prompt, of some checks or of all: what was seen most often first, then
    the latest."""
    live = [c for c in cautions if not c.retired and (checks is None or c.check in checks)]
    live.sort(key=lambda caution: (caution.count, caution.last_seen), reverse=True)
    return tuple(dict.fromkeys(caution.text for caution in live[:MOST]))


def _meaning(about: Caution | Drift) -> tuple[str, str]:
    return about.check, about.subject.strip().lower()


def _seen(caution: Caution, drift: Drift, now: datetime) -> Caution:
    return caution.with_(
        text=caution.text if caution.edited else drift.text,
        score=min(caution.score, drift.score),
        count=caution.count + 1,
        last_seen=now,
        clean_images=0,
    )


def _unseen(caution: Caution) -> Caution | None:
    if caution.retired:
        return caution
    clean = caution.clean_images + 1
    return caution.with_(clean_images=clean) if clean < EXPIRES else None


def _new(drift: Drift, asset_id: str, now: datetime, caution_id: str) -> Caution:
    return Caution(
        id=caution_id,
        text=drift.text,
        check=drift.check,
        subject=drift.subject,
        score=drift.score,
        asset_id=asset_id,
        first_seen=now,
        last_seen=now,
    )


def _changed(
    cautions: Sequence[Caution], caution_id: str, **changes: str | bool
) -> tuple[Caution, ...]:
    if caution_id not in {caution.id for caution in cautions}:
        raise KeyError(caution_id)
    return tuple(
        caution.with_(**changes) if caution.id == caution_id else caution for caution in cautions
    )
