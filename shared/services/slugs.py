"""Slugs: the readable part of a public path."""

import re
import unicodedata

MAX_LENGTH = 48
MIN_CUT = MAX_LENGTH // 2
"""What a cut at a word has to leave; a name of one endless word is cut within it."""


def slugify(name: str, fallback: str) -> str:
    """Lower-case ASCII letters, digits and single dashes; `fallback` when nothing is left.

    Other scripts are transliterated: `straße` is `strasse`, `挥手` `hui-shou`, and a fox's face
    `fox`.
    """
    words = re.sub(r"[^a-z0-9]+", "-", _ascii(name).lower()).strip("-")
    return _cut(words) or fallback


def _ascii(name: str) -> str:
    # Only here is a name spelled: nothing that starts an instance should load the tables.
    if name.isascii():
        return name
    from anyascii import anyascii

    spelled = []
    for character in unicodedata.normalize("NFKC", name):
        text = anyascii(character)
        # A script without case whose character is written with a capital stands for a syllable.
        is_syllable = text[:1].isupper() and character.lower() == character.upper()
        spelled.append(f" {text} " if is_syllable else text)
    return "".join(spelled)


def _cut(words: str) -> str:
    if len(words) <= MAX_LENGTH:
        return words
    whole = words[: MAX_LENGTH + 1].rpartition("-")[0]
    return whole if len(whole) >= MIN_CUT else words[:MAX_LENGTH].strip("-")
