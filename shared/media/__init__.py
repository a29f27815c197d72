"""Pure media work on files: cutting out, keying, encoding, verifying, resizing.

Nothing here knows of jobs, stores or HTTP. Paths come in, files and reports go out. The imports of
OpenCV and the network runtime are heavy: only the functions that do media work import from here,
and everybody else takes `shared.media.formats`, which imports neither.
"""

from collections.abc import Callable

Rgb = tuple[int, int, int]
"""A colour, 0 to 255 per channel, sRGB."""

Progress = Callable[[float], None]
"""Called with the share of the work that is done, 0 to 1. Raises to stop cancelled work."""
