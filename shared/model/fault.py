"""Why something failed, as a client reads it."""

from shared.model.base import Value


class Fault(Value):
    """Why something failed: a stable code and a sentence for people."""

    code: str
    message: str
    step: str | None = None
