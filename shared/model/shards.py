"""Shards: one counter as several documents, so that many jobs can write it at the same time."""

from collections.abc import Mapping
from typing import Final
from zlib import crc32

SHARDS: Final = 8
"""Documents of each counter of credits, and notes of one day's audit.

Firestore wants a document to be written at most once a second for any length of time. A workspace
that makes 10,000 animations an hour begins 2.78 jobs a second and ends as many, and both write what
is held: 5.56 writes a second, 0.69 for each of eight documents. What can be spent is written when a
job begins, and as often as what is held only if every job fails.
"""


def of(id_: str) -> int:
    """The shard of an id: the same in every process, and as often one as another."""
    return crc32(id_.encode()) % SHARDS


def split(amount: int, first: int) -> dict[int, int]:
    """An amount in equal parts for the shards; from the first on, some get one more. A shard that
    gets nothing is absent."""
    each, more = divmod(amount, SHARDS)
    parts = {(first + n) % SHARDS: each + (n < more) for n in range(SHARDS)}
    return {shard: part for shard, part in parts.items() if part}


def gather(amounts: Mapping[int, int], wanted: int, first: int) -> dict[int, int]:
    """What to take from each shard for a wanted amount, or for as much of it as they have.

    All from the first shard if that has enough, else from the fullest ones: so few are taken from,
    and they stay about as full as each other.
    """
    if amounts.get(first, 0) >= wanted:
        return {first: wanted} if wanted else {}
    taken = {}
    for shard in sorted(amounts, key=lambda one: (-amounts[one], (one - first) % SHARDS)):
        part = min(wanted, amounts[shard])
        if part > 0:
            taken[shard] = part
            wanted -= part
    return taken
