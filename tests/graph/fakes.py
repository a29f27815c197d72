"""A clock that stands still and ids that count, so that a test's world is always the same."""

from datetime import UTC, datetime, timedelta

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock:
    """Time passes only when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by

    def advance_to(self, instant: datetime) -> None:
        """Go to an instant; one that has passed changes nothing."""
        self._now = max(self._now, instant)


def no_pause(at_most: float) -> None:
    """Nobody waits where time stands still."""


class CountingIds:
    """The n-th id says n."""

    def __init__(self) -> None:
        self._count = 0

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self._next():012d}"

    def token(self, length: int) -> str:
        number, letters = self._next(), ""
        for _ in range(length):
            number, digit = divmod(number, 32)
            letters = _BASE32[digit] + letters
        return letters

    def _next(self) -> int:
        self._count += 1
        return self._count
