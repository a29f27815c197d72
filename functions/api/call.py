"""One API call while it is handled: who asks, for what, with which arguments."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from functions.api.parameter import Parameter
from functions.api.problems import as_bad_request
from shared.config import Settings
from shared.errors import BadRequest, MascotryError, NotFound
from shared.model import number
from shared.model.base import NO_ID, canonical_id
from shared.model.workspace import Scope
from shared.ports import Document, Page, Ports, Query
from shared.services import entities
from shared.services.keys import Principal

if TYPE_CHECKING:
    from shared.model.job import Job

B = TypeVar("B", bound=BaseModel)

DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its data (any JSON value), its meta and its status; or a stream of server-sent
    events instead of data. With a `media_type`, the data is a text that is sent as it is."""

    data: Any
    status: int = 200
    meta: Mapping[str, Any] | None = None
    version: str | None = None
    """That of what is shown: its ETag."""
    cache_control: str | None = None
    """Where the answer may be kept; None: nowhere."""
    stream: Iterator[str] | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets. `ids` are the ids in the path, by name."""

    ports: Ports
    settings: Settings
    who: Principal
    request: Request
    ids: Mapping[str, str] = field(default_factory=dict)

    resumed: bool = False
    """Whether an earlier try at this very request had written something before it was cut off."""

    def body(self, model: type[B], *, optional: bool = False) -> B:
        """The JSON body as a model; BadRequest names the field and says what would be right.

        A value of another type is not taken for what it could mean: `"yes"` is not true. An
        `optional` one may be left out, if every field has a default.
        """
        if optional and not self.request.get_data():
            return model()
        try:
            given = json.loads(self.request.get_data(), parse_float=_number)
        except (ValueError, RecursionError) as error:
            raise BadRequest("the body must be JSON", field="body") from error
        if not isinstance(given, dict):
            raise BadRequest("the body must be a JSON object", field="body")
        return _checked(model, given)

    def form(self, model: type[B]) -> B:
        """The fields of a form, beside its files, as a model; faults as those of a body. A list is
        a field that comes several times."""
        given: dict[str, Any] = {}
        for name, values in self.request.form.lists():
            is_list = (schema := model.model_fields.get(name)) and "tuple" in str(schema.annotation)
            given[name] = values if is_list else _of_form.get(values[-1], values[-1])
        return _checked(model, given)

    @property
    def is_dry_run(self) -> bool:
        """Whether the body only asks what would be."""
        try:
            given = json.loads(self.request.get_data())
        except (ValueError, RecursionError):
            return False
        return isinstance(given, dict) and given.get("dry_run") is True

    @contextmanager
    def unless_done(self) -> Iterator[None]:
        """That something to be deleted is not there is no fault if it was this request that has
        deleted it, and was cut off before it could answer."""
        try:
            yield
        except NotFound:
            if not self.resumed:
                raise

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false; false when it is absent."""
        given = self.request.args.get(name, "false").lower()
        if given not in ("true", "false", "1", "0"):
            raise BadRequest("must be true or false", field=name)
        return given in ("true", "1")

    def number(self, name: str, default: int) -> int:
        """A query parameter that is a whole number."""
        given = self.request.args.get(name)
        if given is None:
            return default
        try:
            return number.whole(given)
        except ValueError as error:
            raise BadRequest(str(error), field=name) from None

    def id(self, name: str) -> str | None:
        """A query parameter that is an id; None when it is absent."""
        given = self.request.args.get(name)
        if given is None:
            return None
        id_ = canonical_id(given)
        if id_ is None:
            raise BadRequest(NO_ID, field=name)
        return id_

    @property
    def if_match(self) -> str | None:
        """The version that the client has seen of what it changes; None when it doesn't mind.

        RFC 9110 compares strongly here, and so would refuse a weak ETag (`W/"…"`). Proxies that
        compress an answer weaken the ETag of ours, which is that of the stored document and not of
        the bytes: it still names one version, so it is taken.
        """
        given = self.request.headers.get("If-Match", "*").strip().removeprefix("W/")
        if given == "*":
            return None
        if len(given) < 2 or given[0] != '"' or given[-1] != '"':
            raise BadRequest("must be one ETag, in quotation marks, or *", field="If-Match")
        return given[1:-1]

    def poll_url(self, job_id: str) -> str:
        """Where a client waits for a job."""
        return f"{self.settings.base_url}/v1/jobs/{job_id}?wait=true"

    def deleted(self, id_: str, job: "Job") -> Reply:
        """The answer to a DELETE: it is gone, and what was below it is being removed."""
        data = {"id": id_, "deleted": True, "job_id": job.id, "poll_url": self.poll_url(job.id)}
        return Reply(data, status=202)

    def listing(self, query: Query, show: Callable[[Page[Document]], list[Any]]) -> Reply:
        """One page of a list, as the query parameters ask for it."""
        limit = self.number("limit", DEFAULT_LIMIT)
        offset = self.number("offset", 0)
        results, total = entities.page(
            self.ports.documents,
            query,
            limit=limit,
            offset=offset,
            cursor=self.request.args.get("cursor"),
        )
        pagination = {
            "total": total,
            "limit": limit,
            "offset": offset,
            "has_more": results.next_cursor is not None,
            "next_cursor": results.next_cursor,
        }
        return Reply(show(results), meta={"pagination": pagination})


@dataclass(frozen=True, slots=True, eq=False)  # told apart by identity, which is quick to hash
class Route:
    """A method and a path of the API, the scope it needs and the code that answers.

    A `publishable` route may be read with a publishable key, that is by anybody: its handler has to
    leave out what is the owner's alone (prompts, references, how something was made) when
    `call.who.publishable`. A `keyless` route is for everybody; its `call.who` is nobody.

    The rest is what the API's document says of the route, beside the handler's docstring, whose
    first paragraph is the summary. `body` is the model that the handler reads. `answer` names the
    model of the answer's data in `functions/api/schemas.py`: a name, so that requests need not load
    it; `paged` is a list of it in pages. `gives` says which ids an answer holds: the name by which
    paths and bodies take one, and where in the data it is (a JSON pointer). `example` is a body.
    """

    method: str
    path: str
    handler: Callable[[Call], Reply]
    scope: Scope = Scope.READ
    publishable: bool = False
    keyless: bool = False
    body: type[BaseModel] | None = None
    optional: bool = False
    """The body may be left out."""
    form: bool = False
    """The body may also be a form with a `file`, …"""
    terms: type[BaseModel] | None = None
    """… and with the fields of this model."""
    query: tuple[Parameter, ...] = ()
    answer: str | None = None
    paged: bool = False
    status: int = 200
    dry_answer: str | None = None
    """The answer, with status 200, to a `dry_run`."""
    media_type: str = "application/json"
    errors: tuple[type[MascotryError], ...] = ()
    """Faults beyond those that any such route may have."""
    versioned: bool = False
    """What is read has an ETag; what is changed or deleted takes it as If-Match."""
    cached: bool = False
    """What is read has an ETag, and who has that version (If-None-Match) is told so: 304."""
    secret: bool = False
    """The answer holds a secret, which is shown once."""
    gives: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, Any] | None = None


_of_form: Mapping[str, bool] = {"true": True, "false": False}


def _number(text: str) -> float:
    """To JSON, 2.0 is a whole number."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _checked(model: type[B], given: dict[str, Any]) -> B:
    try:
        return _parsed(model, given)
    except ValidationError as error:
        raise as_bad_request(error, given) from None


def _parsed(model: type[B], given: dict[str, Any]) -> B:
    try:
        text = json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a character, of which this tells the field
        return model.model_validate(given)
    return model.model_validate_json(text, strict=True)
