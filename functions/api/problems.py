"""What is wrong with a body, in words that a client of any language understands.

Fields are named as the client wrote them: `edges[2].conditions[0].value`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.errors import BadRequest
from shared.wording import WORDS, said

_OF_ANOTHER_TYPE = "is not what this field takes; the API's document says what is"
_TYPES = frozenset(name for name in WORDS if name.endswith("_type"))


def as_bad_request(error: ValidationError, given: Mapping[str, Any]) -> BadRequest:
    """The first thing that is wrong with a body, by its field; all of them in `errors`."""
    by_field: dict[str, list[tuple[str, str]]] = {}
    for details in error.errors(include_url=False, include_input=True):
        if _lacks_what_is_wrong(dict(details)):
            continue
        field, message = _problem(dict(details), given)
        by_field.setdefault(field, []).append((str(details["type"]), message))
    problems = [{"field": field, "message": _joined(found)} for field, found in by_field.items()]
    first = problems[0]
    return BadRequest(
        f"{first['field']}: {first['message']}",
        field=first["field"],
        **({"errors": problems} if len(problems) > 1 else {}),
    )


def _lacks_what_is_wrong(details: Mapping[str, Any]) -> bool:
    """Whether a list is only too short without those of its entries that are faults themselves."""
    if details["type"] != "too_short":
        return False
    return bool(len(details["input"]) >= details["ctx"]["min_length"])


def _problem(details: dict[str, Any], given: Mapping[str, Any]) -> tuple[str, str]:
    place = _written(details["loc"], given, is_absent=details["type"] == "missing")
    message = _message(details)
    # Rules over several fields name theirs in front.
    if details["type"] == "value_error" and (rule := re.match(r"(\w+): ", message)):
        return written([*place, rule[1]]), message[rule.end() :]
    return written(place) or "body", message


def _message(details: Mapping[str, Any]) -> str:
    type_, context = details["type"], details.get("ctx", {})
    if type_ in ("too_short", "string_too_short"):
        least = context["min_length"]
        kind = "entries" if type_ == "too_short" else "characters"
        return "must not be empty" if least == 1 else f"must have at least {least} {kind}"
    message = said(type_, context, otherwise=_OF_ANOTHER_TYPE)
    if details["input"] is None and type_ not in ("missing", "value_error"):
        message += ", not null"
    return message


def _joined(problems: Sequence[tuple[str, str]]) -> str:
    """One sentence for what each kind of value that a field takes has against the one given. Of a
    kind that was meant, since only its limits are not kept, the others' say nothing."""
    meant = [message for type_, message in problems if type_ not in _TYPES]
    first, *others = dict.fromkeys(meant or [message for _, message in problems])
    return " or ".join([first, *(other.removeprefix("must be ") for other in others)])


def _written(place: Sequence[str | int], given: Any, *, is_absent: bool) -> list[str | int]:
    """The part of a place that the client wrote: the kinds of a value that may be several, which
    the validation names too, are left out. A field that is absent is the last part."""
    found: list[str | int] = []
    for number, part in enumerate(place):
        is_last = number == len(place) - 1
        if _holds(given, part):
            given = given[part]
        elif not (is_absent and is_last):
            continue
        found.append(part)
    return found


def _holds(given: Any, part: str | int) -> bool:
    if isinstance(given, list):
        return isinstance(part, int) and part < len(given)
    return isinstance(given, dict) and part in given


def written(place: Sequence[str | int]) -> str:
    """A place in a body, as `edges[2].target`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return "".join(parts).removeprefix(".")
