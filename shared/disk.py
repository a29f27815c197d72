"""A full disk: how it is recognised, whoever noticed it."""

import errno
from typing import Final

from shared.errors import StorageFull

_NUMBERS: Final = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: BaseException | None) -> bool:
    """Whether a fault is due to a full disk or a used-up quota, by itself or by its causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, StorageFull):
            return True
        if isinstance(error, OSError) and error.errno in _NUMBERS:
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
