"""What a call to somebody else's machine came to, in the words of our errors.

Every provider maps its SDK's exceptions with one `Call`, so that the same thing is called the same
name everywhere:

    429                          Later                     nothing was started
    refusals                     Refused                   found by each provider in its own form
    no money left, 402           provider_rejected         permanent: waiting would not help
    400, 404, 409, 422, …        provider_rejected         permanent
    401, 403                     provider_unauthorized     permanent
    521, 523, 525, 526           provider_unreachable      transient: it was not sent on
    500, 503 in its own words    provider_unavailable      transient: it says that it failed
    408, 499, other 5xx          provider_outcome_unknown  to a paid call, permanent
                                 provider_unavailable      to a read, transient
    no connection                provider_unreachable      transient: nothing was sent
    connection lost, timeout     provider_outcome_unknown  to a paid call, permanent
                                 provider_connection_lost  to a read, transient
    anything unreadable          provider_answer           permanent
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from shared.errors import PermanentError, StepError, TransientError
from shared.model.retry_after import seconds_until
from shared.providers.base import Later, Refused

UNSENT = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"}
)
"""The HTTP clients' names for failures before a byte of the request was sent. By name, since the
SDKs bring two clients with the same names and wrap them in errors of their own."""

NEVER_ARRIVED = frozenset({521, 523, 525, 526})
"""Answers of a proxy that got no connection to the provider, and so has sent nothing on. They are
Cloudflare's: refused, no route, no TLS, a wrong certificate. Not its 520, 522 and 524, which also
mean that the request was sent and no answer came."""

ADMITTED = frozenset({500, 503})
"""A failure before any work was done, if it is the provider that says so. Proxies answer the same
when a connection breaks after the request was sent."""

CUT_OFF = frozenset({408, 499})
"""A request that was given up below 500: by a time limit, or by a client that may be a proxy."""

LONGEST_WAIT = 3600.0
LONGEST_MESSAGE = 300

REFUSALS = (
    "content policy",
    "content_policy",
    "usage guidelines",
    "usage policies",
    "responsible ai",
    "sensitive words",
    "safety system",
    "safety filter",
    "prohibited content",
    "moderation",
    "nsfw",
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `paid` calls are never repeated unless it is sure that nothing was started.

    `variables` are the settings that hold the credentials and `secrets` what they hold; `billing`
    is the page where the account is topped up; `busy` is the wait in seconds when the provider
    names none.
    """

    provider: str
    paid: bool
    variables: str
    billing: str
    busy: float
    secrets: tuple[SecretStr, ...] = ()

    def answered(
        self, status: int, message: str, retry_after: float | None = None, *, own: bool = False
    ) -> Later:
        """What an HTTP status other than success means: a wait, or the fault that is raised.

        `own` says that the body has the form of the provider's errors, so that no proxy made it.
        """
        said = self.quote(message)
        if status == 402:
            raise self.spent(message)
        if status == 429:
            return self.later(retry_after)
        if status == 401:  # what it says may repeat the key
            raise PermanentError(
                "provider_unauthorized",
                f"{self.provider} did not accept the credentials. Check {self.variables}.",
            )
        if status == 403:
            raise PermanentError(
                "provider_unauthorized",
                f"{self.provider} does not let these credentials do this{said}. "
                f"Check {self.variables}.",
            )
        if status in NEVER_ARRIVED:
            raise TransientError(
                "provider_unreachable",
                f"{self.provider} cannot be reached: a proxy in between answered {status}.",
            )
        if status >= 500 or status in CUT_OFF:
            if self.paid and not (own and status in ADMITTED):
                raise self.unknown(f"the answer was status {status}")
            raise TransientError(
                "provider_unavailable", f"{self.provider} failed with status {status}{said}."
            )
        if status >= 400:
            raise PermanentError(
                "provider_rejected", f"{self.provider} did not take the request{said}."
            )
        raise self.malformed(f"status {status}")

    def broken(self, error: BaseException) -> StepError:
        """What a failure of the connection means; `error` may be the SDK's, with its cause."""
        names = _names(error)
        if names & UNSENT:
            return TransientError("provider_unreachable", f"{self.provider} cannot be reached.")
        timeout = any("Timeout" in name for name in names)
        what = "it took too long" if timeout else "the connection broke"
        if self.paid:
            return self.unknown(what)
        return TransientError("provider_connection_lost", f"{self.provider}: {what}.")

    def unknown(self, what: str) -> PermanentError:
        """The request may have been received, and nobody knows what became of it."""
        return PermanentError(
            "provider_outcome_unknown",
            f"{self.provider} may or may not have started ({what}); it was not asked again, so as "
            "not to be charged twice.",
        )

    def spent(self, message: str) -> PermanentError:
        """The account has no money left, or a limit of nothing: waiting would not help."""
        return PermanentError(
            "provider_rejected",
            f"The {self.provider} account has no money left for this{self.quote(message)}. "
            f"Add credit or raise the limit at {self.billing}, then start the job again.",
        )

    def malformed(self, what: str) -> PermanentError:
        """The answer can't be read."""
        return PermanentError(
            "provider_answer", f"{self.provider} answered what we cannot read: {what}."
        )

    def refused(self, reason: str, said: str = "") -> Refused:
        """A refusal, as a sentence for people with the provider's own words behind it."""
        return Refused(f"{reason}{self.quote(said)}.")

    def later(self, seconds: float | None) -> Later:
        """The provider takes no more for now."""
        wait = self.busy if seconds is None else seconds
        return Later(min(max(wait, 1.0), LONGEST_WAIT))

    def quote(self, message: str) -> str:
        """The provider's own words behind a colon: short, on one line, without our secrets."""
        for secret in self.secrets:
            if value := secret.get_secret_value():
                message = message.replace(value, "…")
        words = " ".join(message.split())[:LONGEST_MESSAGE].rstrip(" .")
        return f": {words}" if words else ""


def reads_as_refusal(message: str) -> bool:
    """Whether a provider's error message speaks of content that it will not make."""
    lowered = message.lower()
    return any(phrase in lowered for phrase in REFUSALS)


def wait_until(retry_after: str | None) -> float | None:
    """How many seconds from now a provider's header Retry-After asks to wait, if it says so."""
    return seconds_until(retry_after, datetime.now(UTC))


def _names(error: BaseException) -> set[str]:
    """The names of the error's classes and of those that it was raised from."""
    names: set[str] = set()
    cause: BaseException | None = error
    while cause is not None:
        names |= {kind.__name__ for kind in type(cause).__mro__}
        cause = cause.__cause__ or cause.__context__
    return names
