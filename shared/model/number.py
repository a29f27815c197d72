"""Numbers that come as text, in a query, a header or a path: plain ASCII digits.

Python's own `int` and `float` take much more: `1_0`, ` 10`, `+10`, `１０`, `nan`, `1e3`.
"""

import re

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def whole(text: str) -> int:
    """A whole number of at most 18 digits; ValueError when the text is none."""
    if not _WHOLE.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def seconds(text: str) -> float:
    """A duration in seconds, perhaps with a fraction; ValueError when the text is none."""
    if not _SECONDS.fullmatch(text):
        raise ValueError("must be a number of seconds")
    return float(text)
