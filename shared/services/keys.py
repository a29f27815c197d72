"""API keys: issued once, stored as hashes, looked up on every request, and revoked."""

import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from shared.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthorized
from shared.model import paths
from shared.model.base import instant_text, is_id
from shared.model.workspace import Key, KeyKind, Scope, Workspace, including
from shared.ports import Create, Delete, Document, Ports, Query, Replace, Write

T = TypeVar("T")

log = logging.getLogger("shared.keys")

PREFIXES = {KeyKind.SECRET: "msk_", KeyKind.PUBLISHABLE: "mpk_"}
SECRET_LENGTH = 40
USER_PREFIX_LENGTH = 8
MAX_KEYS = 10
USED_EVERY = timedelta(minutes=5)

_SECRET = re.compile(rf"({'|'.join(PREFIXES.values())})[a-z2-7]{{{SECRET_LENGTH}}}")
_ATTEMPTS = 5
_IDS_OF_OLD_KEYS = UUID("8d9b5c1e-7f0a-4a57-9a3c-5b1f9f4f7c1d")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: everything that follows stays inside this workspace.

    `subject` is what rate limits are counted by: the id of the key, or of the person where there is
    no key. A publishable principal may be anybody, so that it sees only what is meant for
    everybody's eyes. Of persons there may be any number, and they don't know of each other.
    """

    workspace_id: str
    scopes: tuple[Scope, ...]
    subject: str = ""
    publishable: bool = False
    allowed_origins: tuple[str, ...] = ()
    person: bool = False

    @property
    def shown(self) -> str:
        """What was shown at the door, in a word."""
        return "token" if self.person else "key"

    def require(self, scope: Scope) -> None:
        if scope not in self.scopes:
            raise Forbidden(
                f"This {self.shown} may not do that; it needs the scope {scope.value!r}."
            )

    def accepts(self, origin: str | None) -> bool:
        """Whether a request may come from there; None is a request that no web page made."""
        return not self.allowed_origins or origin in self.allowed_origins


def digest(secret: str) -> str:
    """SHA-256 in hex. A key is 200 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_workspace(ports: Ports, name: str) -> Workspace:
    """A new tenant with its own public path prefix."""
    now = ports.clock.now()
    workspace = Workspace(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        name=name,
        user_prefix=ports.ids.token(USER_PREFIX_LENGTH),
    )
    ports.documents.commit([Create(paths.workspace(workspace.id), workspace.stored())])
    return workspace


def issue(ports: Ports, workspace_id: str, name: str, scopes: tuple[Scope, ...]) -> str:
    """A new secret key's secret, which can never be read again."""
    _, secret = create(ports, workspace_id, name, scopes=scopes)
    return secret


def create(
    ports: Ports,
    workspace_id: str,
    name: str,
    *,
    kind: KeyKind = KeyKind.SECRET,
    scopes: tuple[Scope, ...],
    allowed_origins: tuple[str, ...] = (),
) -> tuple[Key, str]:
    """A new key and its secret, which can never be read again.

    Conflict when the workspace has as many as it may have.
    """
    if kind is KeyKind.PUBLISHABLE and including(scopes) != (Scope.READ,):
        raise BadRequest("a publishable key only reads: give ['read'], or nothing", field="scopes")
    if allowed_origins and kind is not KeyKind.PUBLISHABLE:
        raise BadRequest("only a publishable key is bound to origins", field="allowed_origins")
    secret = PREFIXES[kind] + ports.ids.token(SECRET_LENGTH)
    now = ports.clock.now()
    key = Key(
        id=ports.ids.uuid(),
        created_at=now,
        updated_at=now,
        workspace_id=workspace_id,
        name=name,
        kind=kind,
        scopes=including(scopes),
        allowed_origins=allowed_origins,
        last_four=secret[-4:],
    )

    def decide(present: Sequence[Document]) -> tuple[Sequence[Write], tuple[Key, str]]:
        if len(present) >= MAX_KEYS:
            raise Conflict(f"A workspace has at most {MAX_KEYS} keys; revoke one first.")
        return [Create(paths.key(digest(secret)), key.stored())], (key, secret)

    return _change(ports, workspace_id, decide)


def update(ports: Ports, who: Principal, key_id: str, changes: dict[str, Any]) -> Key:
    """Change a key's name or the origins of a publishable one; NotFound in another workspace."""

    def decide(present: Sequence[Document]) -> tuple[Sequence[Write], Key]:
        document, key = _find(present, key_id)
        if changes.get("allowed_origins") and key.kind is not KeyKind.PUBLISHABLE:
            raise BadRequest("only a publishable key is bound to origins", field="allowed_origins")
        changed = key.with_(**changes, updated_at=ports.clock.now())
        return [Replace(document.path, changed.stored(), document.version)], changed

    return _change(ports, who.workspace_id, decide)


def revoke(ports: Ports, who: Principal, key_id: str) -> None:
    """From now on the key opens nothing. Conflict when nobody could manage keys any more."""

    def decide(present: Sequence[Document]) -> tuple[Sequence[Write], None]:
        document, key = _find(present, key_id)
        admins = [other for other in map(load, present) if Scope.ADMIN in other.scopes]
        if admins == [key]:
            raise Conflict(
                "This is the last key with the scope 'admin', and without one nobody could make "
                "another; create its successor first."
            )
        limits = paths.limits(who.workspace_id, key_id)
        return [Delete(document.path), Delete(limits)], None

    _change(ports, who.workspace_id, decide)


def of_workspace(workspace_id: str) -> Query:
    """The keys of a workspace, oldest first."""
    return Query("keys", {"workspace_id": workspace_id})


def load(document: Document) -> Key:
    """A stored key. One from before keys had ids gets a lasting one, one-way from its hash."""
    scopes = including(tuple(document.data["scopes"]))
    return Key.load({**document.data, "id": _id(document), "scopes": scopes})


def authenticate(
    ports: Ports,
    authorization: str | None,
    by_token: Callable[[Ports, str], Principal] | None = None,
) -> Principal:
    """The principal of an `Authorization: Bearer …` header, or Unauthorized. What is a token and no
    key is for `by_token`, if there is such.

    A key is found by its hash. How long that takes may depend on the hash of what was sent, but
    nobody can steer a hash towards a stored one, so there is nothing to learn from it. Revoking
    takes effect with the next request: nothing is remembered between two.
    """
    scheme, _, secret = (authorization or "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise Unauthorized("Send your API key as 'Authorization: Bearer <key>'.")
    if by_token and secret.count(".") == 2:  # no key holds any
        return by_token(ports, secret)
    # What cannot be a key is refused without a look into the store.
    document = ports.documents.get(paths.key(digest(secret))) if _SECRET.fullmatch(secret) else None
    if document is None:
        raise Unauthorized("This API key is not known, or was revoked.")
    _note_use(ports, document)
    data = document.data
    publishable = data.get("kind") == KeyKind.PUBLISHABLE
    return Principal(
        workspace_id=data["workspace_id"],
        scopes=(Scope.READ,) if publishable else including(tuple(data["scopes"])),
        subject=_id(document),
        publishable=publishable,
        allowed_origins=tuple(data.get("allowed_origins", ())),
    )


def _note_use(ports: Ports, document: Document) -> None:
    """Write down that a key is in use, now and then; a request never fails of it.

    Of many requests at one moment one writes: the others find the key changed, as does this one
    when the key was revoked in between.
    """
    now, last = ports.clock.now(), document.data.get("last_used_at")
    if last and abs(now - datetime.fromisoformat(last)) < USED_EVERY:
        return
    used = {**document.data, "last_used_at": instant_text(now)}
    try:
        ports.documents.commit([Replace(document.path, used, document.version)])
    except Conflict:
        pass
    except Exception:
        log.exception("could not note that a key was used", extra={"key": _id(document)})


def _id(document: Document) -> str:
    id_ = str(document.data["id"])
    return id_ if is_id(id_) else str(uuid5(_IDS_OF_OLD_KEYS, id_))


def _find(present: Sequence[Document], key_id: str) -> tuple[Document, Key]:
    for document in present:
        if _id(document) == key_id:
            return document, load(document)
    raise NotFound("There is no such key.")


def _change(
    ports: Ports,
    workspace_id: str,
    decide: Callable[[Sequence[Document]], tuple[Sequence[Write], T]],
) -> T:
    """Change the keys of a workspace by what all of them are at that moment.

    The workspace is written along, unchanged: of two changes at once, which could together exceed
    the number of keys or revoke the last two administrators, one has to look again.
    """
    path = paths.workspace(workspace_id)
    for _ in range(_ATTEMPTS):
        workspace = ports.documents.get(path)
        if workspace is None:
            raise NotFound("There is no such workspace.")
        present = ports.documents.query(of_workspace(workspace_id), limit=100).results
        writes, result = decide(present)
        try:
            ports.documents.commit([*writes, Replace(path, workspace.data, workspace.version)])
        except Conflict:
            continue
        return result
    raise Conflict("The keys of this workspace are being changed; try again.")
