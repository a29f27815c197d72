"""Contention: how often, and how soon, a write is tried again to which somebody else was faster.

Those who meet would meet again if all of them tried again at once. So each waits for a random part
of a time that doubles with each try. All tries together take less than six seconds, which a request
has.
"""

from collections.abc import Iterator
from typing import Final

from shared.ports import Ports

TRIES: Final = 16
FIRST, LONGEST = 0.02, 0.5
"""Seconds of which a pause is a random part: the first one, and the longest."""


def tries(ports: Ports) -> Iterator[int]:
    """The numbers of the tries, with a pause in front of each but the first."""
    for number in range(TRIES):
        if number:
            ports.pause(min(FIRST * 2 ** (number - 1), LONGEST))
        yield number
