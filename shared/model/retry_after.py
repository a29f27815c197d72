"""The header Retry-After (RFC 9110, 10.2.3): a number of seconds, or a date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.model import number


def seconds_until(retry_after: str | None, now: datetime) -> float | None:
    """How many seconds the header asks to wait from `now` on; None when it is absent or unreadable.

    A date is in GMT, also where it does not say so, as in the form of C's `asctime`. One that is
    past asks for no wait.
    """
    if not retry_after:
        return None
    try:
        return number.seconds(retry_after)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):  # OverflowError: a year beyond all
        return None
