"""Shards: where a counter's parts lie, and from which of them an amount is taken."""

from collections import Counter
from random import Random
from uuid import UUID

import pytest

from shared.model import shards
from shared.model.shards import SHARDS


def test_a_workspace_bears_10_000_animations_an_hour() -> None:
    """Each animation writes what is held twice; Firestore bears one write a second, and some room
    is left for the shards not being equally busy."""
    assert 2 * 10_000 / 3_600 / SHARDS <= 0.7


def test_each_shard_gets_as_many_ids_as_another() -> None:
    dice = Random(1)
    found = Counter(shards.of(str(UUID(int=dice.getrandbits(128)))) for _ in range(8_000))
    assert sorted(found) == list(range(SHARDS))
    assert max(found.values()) < 1.1 * 8_000 / SHARDS


def test_the_shard_of_an_id_stays() -> None:
    assert [shards.of(id_) for id_ in ("a", "b", "invoice-7.grant")] == [3, 1, 3]


@pytest.mark.parametrize("amount", [0, 1, 7, 8, 9, 1_003])
def test_an_amount_is_split_into_equal_parts(amount: int) -> None:
    parts = shards.split(amount, first=6)
    assert sum(parts.values()) == amount
    every = [parts.get(shard, 0) for shard in range(SHARDS)]
    assert max(every) - min(every) <= 1
    assert every[6] == max(every)
    assert all(parts.values())


@pytest.mark.parametrize(
    ("amounts", "wanted", "taken"),
    [
        ({0: 9, 1: 30}, 9, {0: 9}),  # the first has enough
        ({0: 9, 1: 30, 2: 40}, 10, {2: 10}),  # it has not, and the fullest does
        ({0: 9, 1: 30, 2: 40}, 75, {2: 40, 1: 30, 0: 5}),
        ({0: 0, 1: 5, 2: 5}, 5, {1: 5}),  # the next one of two that are as full
        ({0: 1, 1: 0, 2: 2}, 9, {2: 2, 0: 1}),  # as much as there is
        ({0: 0}, 1, {}),
        ({0: 5}, 0, {}),
    ],
)
def test_few_shards_are_taken_from(
    amounts: dict[int, int], wanted: int, taken: dict[int, int]
) -> None:
    found = shards.gather(amounts, wanted, first=0)
    assert list(found.items()) == list(taken.items())
