"""Writes that happen once, however often a client sends them.

A client names a write by a key of its own. The first request with a key does the work and keeps
its answer for a day; later ones with the same key and the same content get that answer. A worker
that dies in between leaves a lease that runs out; the next request then does the work again, with
the same ids, so that what was committed before is found instead of being made twice.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from shared.errors import BadRequest, Conflict
from shared.model import paths
from shared.model.base import instant_text
from shared.model.errand import Errand
from shared.ports import Create, Delete, Documents, Ports, Query, Replace, Write
from shared.services import entities
from shared.services.keys import Principal

LEASE: Final = timedelta(minutes=5)
"""Longer than any request may take."""
KEPT: Final = timedelta(hours=24)
LARGEST: Final = 400_000
"""Characters of an answer that are kept; a document has room for little more."""
BATCH: Final = 100
AT_WORK: Final = "The first request with this Idempotency-Key is still at work; ask again later."
SEED_LENGTH: Final = 40
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"

Work = Callable[[Ports, bool], tuple[int, str]]
"""Does it, and gives the status and the body of the answer. It is told whether an earlier try has
written something: then that what it should delete is gone is the answer, and no fault."""


def once(
    ports: Ports,
    who: Principal,
    key: str,
    fingerprint: str,
    work: Work,
    *,
    secret: bool = False,
    deletes: bool = False,
) -> tuple[int, str, bool]:
    """The answer to a request, its status first, and whether it was given before.

    Conflict for the same key with other content, and while the first request is still at work.
    Answers that say nothing lasting (402, 409, 429, 5xx) are not kept: the client may ask again. A
    `secret` answer is shown once and never stored; asked for again, it is a Conflict. Of what
    `deletes` it is noted that it has begun, for whoever does it again would find nothing to delete.
    """
    path, now = paths.errand(name(who, key)), ports.clock.now()
    found = ports.documents.get(path)
    known = Errand.load(found.data) if found else None
    if known and known.expires_at > now:
        _require_same(known, fingerprint)
        if known.status is not None:
            if secret and known.status < 300:
                raise Conflict("It was done before, and the answer is shown only once.")
            return known.status, known.body, True
        if known.lease_until > now:
            raise Conflict(AT_WORK)
        seed, resumed = known.seed, known.begun
    else:
        seed, resumed = ports.ids.token(SEED_LENGTH), False
    errand = Errand(
        id=name(who, key),
        created_at=now,
        updated_at=now,
        workspace_id=who.workspace_id,
        fingerprint=fingerprint,
        seed=seed,
        lease_until=now + LEASE,
        expires_at=now + KEPT,
        begun=resumed,
    )
    data = errand.stored()
    try:
        ports.documents.commit(
            [Replace(path, data, found.version) if found else Create(path, data)]
        )
    except Conflict:
        raise Conflict(AT_WORK) from None
    status, body = 500, ""
    try:
        # What is secret must not be derived from anything that is stored.
        ids = ports.ids if secret else _Ids(seed)
        documents = _Witness(ports.documents, errand) if deletes else ports.documents
        status, body = work(replace(ports, ids=ids, documents=documents), resumed)
    finally:
        _end(ports, errand, status, "" if secret else body)
    return status, body, False


def _require_same(errand: Errand, fingerprint: str) -> None:
    if errand.fingerprint != fingerprint:
        raise Conflict("This Idempotency-Key was used for another request; take a new key.")


def _end(ports: Ports, errand: Errand, status: int, body: str) -> None:
    """Keep the answer, or give the lease back when there is none to keep."""
    passing = status in (402, 409, 429) or status >= 500 or len(body) > LARGEST
    changes = (
        {"lease_until": ports.clock.now()}
        if passing
        else {"done": True, "status": status, "body": body}
    )
    document = ports.documents.get(paths.errand(errand.id))
    current = Errand.load(document.data) if document else None
    if document and current and current.lease_until == errand.lease_until:
        after = current.with_(**changes).stored()
        ports.documents.commit([Replace(document.path, after, document.version)])


def name(who: Principal, key: str) -> str:
    """The id of an errand: a digest, for a key may be anything and is a workspace's own; or a
    person's, who can't know what others have taken."""
    owner = f"{who.workspace_id}\n{who.subject}" if who.person else who.workspace_id
    return hashlib.sha256(f"{owner}\n{key}".encode()).hexdigest()


def check_key(key: str) -> None:
    """BadRequest unless it is 1 to 255 visible ASCII characters."""
    if not (0 < len(key) <= 255 and all("!" <= letter <= "~" for letter in key)):
        raise BadRequest(
            "must be 1 to 255 visible ASCII characters, such as a UUID", field="Idempotency-Key"
        )


def sweep(ports: Ports) -> int:
    """Forget what is older than a day; how many that were."""
    until = instant_text(ports.clock.now())
    found = ports.documents.query(Query("errands", order="expires_at", at_most=until), limit=BATCH)
    for document in found.results:
        ports.documents.commit([Delete(document.path)])
    return len(found.results)


def release(ports: Ports) -> None:
    """Give every lease back, since no worker of before is alive."""
    now = ports.clock.now()
    query = Query("errands", {"done": False}, order="expires_at")
    for document in entities.every(ports.documents, query, at_once=BATCH):
        errand = Errand.load(document.data).with_(lease_until=now)
        ports.documents.commit([Replace(document.path, errand.stored(), document.version)])


class _Ids:
    """Ids that are the same each time the work of an errand is done."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def uuid(self) -> str:
        digits = self._digest().hex()[:32]
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def token(self, length: int) -> str:
        letters = ""
        while len(letters) < length:
            letters += "".join(_BASE32[byte & 31] for byte in self._digest())
        return letters[:length]

    def _digest(self) -> bytes:
        self._count += 1
        return hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()


class _Witness:
    """Documents that note in the first batch of an errand that it has begun: who does it again then
    knows who has taken away what is no longer there."""

    def __init__(self, documents: Documents, errand: Errand) -> None:
        self._documents = documents
        self._errand = errand
        self._noted = errand.begun
        self.get, self.get_many = documents.get, documents.get_many
        self.query, self.count = documents.query, documents.count

    def commit(self, writes: Sequence[Write]) -> str:
        if self._noted or not writes:
            return self._documents.commit(writes)
        document = self._documents.get(paths.errand(self._errand.id))
        current = Errand.load(document.data) if document else None
        if document is None or current is None or current.lease_until != self._errand.lease_until:
            raise Conflict(AT_WORK)
        noted = current.with_(begun=True).stored()
        mine = Replace(document.path, noted, document.version)
        version = self._documents.commit([*writes, mine])
        self._noted = True
        return version
