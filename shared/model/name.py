"""Names that people read: no control characters, something to see, and no effect on text around."""

import unicodedata

_INITIATORS = "\u2066\u2067\u2068"  # LRI, RLI, FSI
_FSI, _PDI = "\u2068", "\u2069"
_SCOPED = frozenset("\u202a\u202b\u202c\u202d\u202e" + _INITIATORS + _PDI)
"""What sets the direction of text from there on, until it is ended."""
_BLANK = frozenset({"BRAILLE PATTERN BLANK", "MUSICAL SYMBOL NULL NOTEHEAD"})
"""Symbols by their category, with nothing drawn."""


def readable(text: str) -> str:
    """A name in NFC, whose directional formatting ends where the name ends; ValueError says what
    of it cannot be read."""
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text):
        raise ValueError("must not hold control characters, such as line breaks")
    if not any(map(_is_visible, text)):
        raise ValueError("must hold something that can be seen")
    return _isolated(text) if _SCOPED.intersection(text) else text


def _is_visible(character: str) -> bool:
    """Whether it is drawn by itself: a letter, a digit, punctuation or a symbol. Marks are drawn on
    another character, and what formats (zero-width, bidi, tags, variation selectors) not at all."""
    if unicodedata.category(character)[0] not in "LNPS":
        return False
    name = unicodedata.name(character, "")
    return name not in _BLANK and not ("HANGUL" in name and name.endswith("FILLER"))


def _isolated(text: str) -> str:
    """A name inside of an isolate (Unicode Standard Annex 9), at whose end every embedding and
    override ends too. Its own isolates are closed, and what would close ours is left out."""
    open_, inner = 0, []
    for character in _unwrapped(text):
        if character in _INITIATORS:
            open_ += 1
        elif character == _PDI:
            if not open_:
                continue
            open_ -= 1
        inner.append(character)
    return f"{_FSI}{''.join(inner)}{_PDI * open_}{_PDI}"


def _unwrapped(text: str) -> str:
    """A name that comes back as we have answered it, without its isolate."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in _INITIATORS) - (character == _PDI)
        if depth <= 0:
            is_whole = text[0] == _FSI and place == len(text) - 1
            return text[1:-1] if is_whole else text
    return text
