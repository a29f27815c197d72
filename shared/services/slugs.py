"""Slugs: the readable part of a public path."""

import re
import unicodedata

MAX_LENGTH = 48


def slugify(name: str, fallback: str) -> str:
    """Lower-case ASCII letters, digits and single dashes; `fallback` when nothing is left."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower())
    return words[:MAX_LENGTH].strip("-") or fallback
