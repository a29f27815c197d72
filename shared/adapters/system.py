"""The real clock, the real source of identifiers, and pauses that take time."""

import random
import secrets
import time
import uuid
from datetime import UTC, datetime

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


class SystemClock:
    """The machine's wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def pause(at_most: float) -> None:
    """Sleep for a random part of so many seconds."""
    time.sleep(random.uniform(0, at_most))  # noqa: S311, since nobody gains by guessing it


class SystemIds:
    """Identifiers from the operating system's randomness, fit for secrets."""

    def uuid(self) -> str:
        return str(uuid.uuid4())

    def token(self, length: int) -> str:
        # 32 letters divide 256 evenly, so that the low five bits of a byte are unbiased.
        return "".join(_BASE32[byte & 31] for byte in secrets.token_bytes(length))
