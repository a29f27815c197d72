"""Spending, and what entries add up to."""

import pytest

from shared.model.credit import Bucket, Counter, Entry, EntryKind, counts, less, spend
from tests.graph.fakes import START

SUBSCRIPTION, TOPUP = Bucket.SUBSCRIPTION, Bucket.TOPUP


@pytest.mark.parametrize(
    ("amount", "spent", "left"),
    [
        (0, {}, {SUBSCRIPTION: 5, TOPUP: 10}),
        (3, {SUBSCRIPTION: 3}, {SUBSCRIPTION: 2, TOPUP: 10}),
        (5, {SUBSCRIPTION: 5}, {TOPUP: 10}),
        (6, {SUBSCRIPTION: 5, TOPUP: 1}, {TOPUP: 9}),
        (15, {SUBSCRIPTION: 5, TOPUP: 10}, {}),
    ],
)
def test_the_subscription_is_spent_first(
    amount: int, spent: dict[Bucket, int], left: dict[Bucket, int]
) -> None:
    there = {TOPUP: 10, SUBSCRIPTION: 5}
    assert spend(there, amount) == spent
    assert less(there, spent) == left


def test_entries_add_up() -> None:
    booked = [
        (EntryKind.GRANT, {TOPUP: 50}),
        (EntryKind.GRANT, {SUBSCRIPTION: 10}),
        (EntryKind.HOLD, {SUBSCRIPTION: 8, TOPUP: 13}),
        (EntryKind.CAPTURE, {SUBSCRIPTION: 1}),
        (EntryKind.RELEASE, {SUBSCRIPTION: 7, TOPUP: 13}),
        (EntryKind.HOLD, {TOPUP: 5}),
        (EntryKind.EXPIRY, {SUBSCRIPTION: 9}),
    ]
    entries = [
        Entry(id=str(number), created_at=START, updated_at=START, kind=kind, buckets=buckets)
        for number, (kind, buckets) in enumerate(booked)
    ]
    assert counts(entries) == {(TOPUP, Counter.AVAILABLE): 45, (TOPUP, Counter.HELD): 5}
