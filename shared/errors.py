"""Every fault that Mascotry raises on purpose.

    MascotryError
    ├── BadRequest            400 bad_request           the request is wrong; names the field
    ├── Unauthorized          401 unauthorized          no key, or one that nobody issued
    ├── InsufficientCredits   402 insufficient_credits  says what is required and what is there
    ├── Forbidden             403 forbidden             a key without the scope
    ├── NotFound              404 not_found             also what belongs to another workspace
    ├── Conflict              409 conflict              compare-and-set lost; read again and retry
    ├── RateLimited           429 rate_limited          carries the seconds to wait
    ├── ProviderError         502 provider_failed       who draws or looks failed while you waited
    ├── Busy                  503 busy                  somebody else holds the lease; come back
    │   └── DecoderLost                                 a file may have ended its decoder
    ├── StorageFull           507 storage_full          no room on the disk; free some, then retry
    └── StepError                                       a step of a job failed
        ├── TransientError                              trying the same again may help
        └── PermanentError                              it will not

An expected outcome (refused, waiting) is a value and not in this tree.
"""

from typing import Any, ClassVar


class MascotryError(Exception):
    """A fault with an API code, an HTTP status and word on whether a retry helps."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class BadRequest(MascotryError):
    """The request is wrong; `field` names the part and the message says what would be right."""

    code = "bad_request"
    status = 400

    def __init__(self, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message, **({"field": field} if field else {}), **details)


class Unauthorized(MascotryError):
    code = "unauthorized"
    status = 401


class InsufficientCredits(MascotryError):
    code = "insufficient_credits"
    status = 402


class Forbidden(MascotryError):
    code = "forbidden"
    status = 403


class NotFound(MascotryError):
    code = "not_found"
    status = 404


class Conflict(MascotryError):
    """A precondition on a document or an object did not hold; nothing was written."""

    code = "conflict"
    status = 409
    retryable = True


class PreconditionFailed(MascotryError):
    """What the client wants to change is no longer as the client has seen it."""

    code = "precondition_failed"
    status = 412


class RateLimited(MascotryError):
    code = "rate_limited"
    status = 429
    retryable = True


class ProviderError(MascotryError):
    """A provider failed while the client waited for it; `reason` is the stable code of the fault,
    `retryable` says whether asking again may help."""

    code = "provider_failed"
    status = 502

    def __init__(self, reason: str, message: str, *, retryable: bool) -> None:
        super().__init__(message, reason=reason, retryable=retryable)


class Busy(MascotryError):
    """Nothing is wrong with the request; it has to come again, after `retry_after` seconds."""

    code = "busy"
    status = 503
    retryable = True

    def __init__(self, message: str, *, retry_after: int = 2) -> None:
        super().__init__(message, retry_after=retry_after)


class DecoderLost(Busy):
    """A decoder did not come back from a file. It may have been the file: tries must be counted."""


class StorageFull(MascotryError):
    """The disk is full; nothing was written."""

    code = "storage_full"
    status = 507
    retryable = True

    def __init__(self) -> None:
        super().__init__("The disk of this installation is full; free some space, then try again.")


class StepError(MascotryError):
    """A step of a job failed; `reason` is the stable code that the job's error carries."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TransientError(StepError):
    retryable = True


class PermanentError(StepError):
    retryable = False
