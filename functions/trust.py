"""Who may call the functions that are not public: the queue, the schedule and the store's events.

On one machine they share a secret. On Google Cloud a call carries an identity token of the service
account that the queue, the schedule or the trigger calls as. Cloud Run checks it first (IAM) and
replaces its signature with a marker; this is the second lock, which checks the claims. A token that
still has its signature is verified here. No word of a token is ever logged or answered.
"""

import hmac
import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from flask import Request, abort, make_response, request

from functions import composition
from shared.config import Settings, settings
from shared.errors import MascotryError, Unauthorized
from shared.model.queues import function_address
from shared.services import tokens

ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")
LEEWAY: Final = 60
"""How many seconds this machine's clock may be behind Google's."""
REFUSED: Final = "Only the queue may call this function."
OTHER_HEADER: Final = "X-Serverless-Authorization"
"""Where Cloud Run looks for the caller's token first; it does not check `Authorization` then."""

log = logging.getLogger("shared.trust")


def admit_task(call: Request, function: str, chosen: Settings) -> None:
    """Unauthorized unless the queue or the schedule is calling this very function; Busy when that
    can't be told at this moment."""
    _admit(call, function, chosen, (chosen.tasks_account,))


def admit_call(call: Request, function: str, chosen: Settings) -> None:
    """Unauthorized unless one of our functions that may have things decoded is calling this very
    function; Busy when that can't be told at this moment."""
    _admit(call, function, chosen, chosen.decode_callers)


def _admit(call: Request, function: str, chosen: Settings, accounts: tuple[str, ...]) -> None:
    if chosen.backend == "embedded":
        _compare(_bearer(call), chosen)
    else:
        own = function_address(chosen.functions_url, function)
        _verify(call, chosen, accounts, re.compile(re.escape(own)))


def admit_event(function: str) -> None:
    """End the request under way with 401 unless the store's trigger sends an event to this very
    function; with 503 when that can't be told at this moment."""
    chosen = settings()
    try:
        if chosen.backend == "embedded":
            _compare(_bearer(request), chosen)
        else:
            own = function_address(chosen.functions_url, function)
            account = chosen.events_account or chosen.tasks_account
            _verify(request, chosen, (account,), _either_address(own))
    except MascotryError as error:
        answer = make_response({"error": {"code": error.code, "message": error.message}})
        answer.status_code = error.status
        if "retry_after" in error.details:
            answer.headers["Retry-After"] = str(error.details["retry_after"])
        abort(answer)


def _bearer(call: Request) -> str:
    scheme, _, text = call.headers.get("Authorization", "").partition(" ")
    return text if scheme.lower() == "bearer" else ""


def _compare(text: str, chosen: Settings) -> None:
    if not hmac.compare_digest(text.encode(), composition.task_token(chosen).encode()):
        raise Unauthorized(REFUSED)


def _verify(
    call: Request, chosen: Settings, accounts: tuple[str, ...], audience: re.Pattern[str]
) -> None:
    """Unauthorized unless Google has signed the token for one of these accounts and this audience,
    now."""
    token = tokens.parse(_bearer(call))
    if token is None or not _is_genuine(token, call, chosen):
        raise Unauthorized(REFUSED)
    now = int(composition.ports().clock.now().timestamp())
    if fault := _fault(token.claims, accounts, audience, now):
        # Signed by Google, so this is a deployment that disagrees with itself, or an intruder.
        log.warning("a call was refused", extra={"reason": fault})
        raise Unauthorized(REFUSED)


def _is_genuine(token: tokens.Token, call: Request, chosen: Settings) -> bool:
    """Whether Google has signed the token, as this process or the platform in front of it found.

    Anybody can write the marker, so it counts only where the platform lets nobody else through
    (`platform_checks_callers`), and only in the header that the platform has checked.
    """
    if token.stripped:
        return chosen.platform_checks_callers and OTHER_HEADER not in call.headers
    return tokens.is_signed(token, composition.caller_certificates())


def _fault(
    claims: Mapping[str, Any], accounts: tuple[str, ...], audience: re.Pattern[str], now: int
) -> str | None:
    """What is wrong with signed claims, if anything is."""
    if claims.get("iss") not in ISSUERS:
        return "its 'iss' is not Google"
    if not isinstance(claims.get("aud"), str) or not audience.fullmatch(claims["aud"]):
        return "its 'aud' is not this function's address"
    if not claims.get("email") or claims["email"] not in accounts:
        return f"its 'email' is no account that may call: {', '.join(accounts) or 'none is set'}"
    if claims.get("email_verified") is not True:
        return "its 'email_verified' is not true"
    for name in ("iat", "exp", "nbf"):
        if type(claims.get(name, 0 if name == "nbf" else None)) is not int:
            return f"its {name!r} is not a time in seconds"
    for name in ("iat", "nbf"):
        if claims.get(name, 0) > now + LEEWAY:
            return f"its {name!r} is in the future"
    return "it has expired" if claims["exp"] <= now else None


def _either_address(own: str) -> re.Pattern[str]:
    """A function's own address, and the other one that Cloud Run gives every service.

    One is made of the project's number, and known beforehand; the other has a hash. Which of them
    Eventarc names, with or without the query that it calls with, is not ours to choose.
    """
    addresses = [re.escape(own)]
    if found := re.fullmatch(r"(https://[a-z0-9-]+)-\d+\.[a-z0-9-]+\.run\.app", own):
        addresses.append(re.escape(found[1]) + r"-[a-z0-9]+-[a-z0-9]+\.a\.run\.app")
    return re.compile(rf"({'|'.join(addresses)})/?(\?.*)?")
