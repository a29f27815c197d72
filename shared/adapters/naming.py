"""What an object may be called, wherever it is kept."""

_MAX_BYTES = 1024  # as in Cloud Storage


def is_name(name: str) -> bool:
    """Whether objects can have this name: printable segments, none of them empty, `.` or `..`."""
    return (
        not any(segment in ("", ".", "..") for segment in name.split("/"))
        and name.isprintable()
        and len(name.encode()) <= _MAX_BYTES
    )


def require_name(name: str) -> None:
    """ValueError for what no object can be called."""
    if not is_name(name):
        raise ValueError(f"not a name for an object: {name!r}")
