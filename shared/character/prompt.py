"""Prompt composition: the one place where the words for a provider are put together.

A prompt is sections in a fixed order. When they are longer than the budget, what matters least is
shortened first: the oldest cautions, then the style, then the character. The action and the format
are never touched, since without them the picture is of no use.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BUDGET = 4_000
"""Characters of a whole prompt. A request's own fields may have up to 4,000 each."""
LEAST = 200
"""Characters that a shortened section keeps, so that it still says something."""

FRAMING = (
    "One character only, the whole figure inside the frame with a margin on every side, on a "
    "perfectly flat background of one plain colour that the character does not wear. No text, no "
    "shadow on the ground, no scenery."
)
LOGO_FRAMING = (
    "A logo: the character's head alone, large, simple and facing the viewer, readable at 32 "
    "pixels, on a perfectly flat background of one plain colour that the character does not wear. "
    "No text."
)
STILL_CAMERA = "The camera does not move."
LOOP = "A seamless loop: the last frame leads into the first."


@dataclass(frozen=True, slots=True)
class Brief:
    """What every prompt says of a character: who it is, how it is drawn, and what went wrong before
    (the most important first)."""

    character: str
    style: str = ""
    cautions: Sequence[str] = ()


def still_prompt(brief: Brief, action: str, *, budget: int = BUDGET) -> str:
    """Everything that a provider needs to draw one still."""
    fixed = [_section("Action", action), _section("Format", FRAMING)]
    room = budget - sum(len(part) + 1 for part in fixed)
    return "\n".join([*_who(brief, room), *fixed])


def logo_prompt(brief: Brief, wish: str, *, budget: int = BUDGET) -> str:
    """Everything that a provider needs to draw the character as a logo; `wish` may be empty."""
    fixed = [_section("Wish", wish)] if wish.strip() else []
    fixed.append(_section("Format", LOGO_FRAMING))
    room = budget - sum(len(part) + 1 for part in fixed)
    return "\n".join([*_who(brief, room), *fixed])


def edit_prompt(brief: Brief, instructions: str, *, budget: int = BUDGET) -> str:
    """Everything that a provider needs to change a still and leave the rest as it is."""
    fixed = [
        _section("Change", instructions),
        _section("Format", f"Everything else stays exactly as it is. {FRAMING}"),
    ]
    room = budget - sum(len(part) + 1 for part in fixed)
    return "\n".join([*_who(brief, room), *fixed])


def film_prompt(brief: Brief, motion: str, *, loop: bool, budget: int = BUDGET) -> str:
    """Everything that a provider needs to move a still."""
    manner = f"{LOOP} {STILL_CAMERA}" if loop else STILL_CAMERA
    fixed = [_section("Motion", motion), _section("Format", f"{manner} {FRAMING}")]
    room = budget - sum(len(part) + 1 for part in fixed)
    return "\n".join([*_who(brief, room), *fixed])


def _who(brief: Brief, room: int) -> list[str]:
    """Character, style and cautions, in that order, in at most `room` characters."""
    character = _section("Character", brief.character)
    style = _section("Style", brief.style) if brief.style else ""
    character = _shortened(character, max(LEAST, room - min(len(style), LEAST) - 1))
    room -= len(character) + 1
    parts = [character]
    if style:
        style = _shortened(style, max(LEAST, room))
        room -= len(style) + 1
        parts.append(style)
    for caution in brief.cautions:
        line = _section("Take care", caution)
        if len(line) + 1 > room:
            break
        room -= len(line) + 1
        parts.append(line)
    return parts


def _section(name: str, text: str) -> str:
    return f"{name}: {' '.join(text.split())}"


def _shortened(text: str, limit: int) -> str:
    """The text, cut at a word so that it has at most `limit` characters."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0] + "…"
