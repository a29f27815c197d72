"""What only Firestore has: its own types, answers that get lost, and its rules."""

import base64
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import google.auth
import pytest
import urllib3
from google.auth.credentials import AnonymousCredentials
from grpc import StatusCode

from shared.adapters.gcp.documents import FirestoreDocuments
from shared.adapters.gcp.messages import EXPIRES, MARK
from shared.adapters.gcp.values import decode, encode
from shared.errors import BadRequest, Busy, Conflict, MascotryError
from shared.ports import Create, Delete, Increment, Put, Replace, Update
from tests.adapters.proxy import COMMIT, READ, READ_ONE, Fault, Wire, wire

PATH = "workspaces/w/jobs/j"
OTHER = "workspaces/w/jobs/other"


@pytest.fixture
def project() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def direct(firestore: str, project: str) -> Iterator[FirestoreDocuments]:
    with closing(FirestoreDocuments(project, emulator=firestore)) as documents:
        yield documents


@pytest.fixture
def faulty(firestore: str) -> Iterator[Wire]:
    with wire(firestore) as between:
        yield between


@pytest.fixture
def documents(faulty: Wire, project: str) -> Iterator[FirestoreDocuments]:
    """The same documents as `direct` has, over a wire that can fail."""
    with closing(FirestoreDocuments(project, emulator=faulty.address)) as documents:
        yield documents


def data(documents: FirestoreDocuments, path: str = PATH) -> Any:
    document = documents.get(path)
    return document and document.data


# --- values --------------------------------------------------------------------------------------

ODD = {
    "lists": [[], [[1, [None]]], {"in": [["a map"]]}],
    "names": {"": 1, "__reserved__": 2, "a.b": 3, "`": 4, "\\": 5, "__": 6, "żółw/..": [7]},
    "order": {"z": {"b": 1, "a": 2}, "json": "[]", "a": 1},
    "json": {"json": "[1]"},
    "integers": [2**63 - 1, -(2**63), 2**63, 10**40],
    "floats": [1.0, -0.0, 1e308, 5e-324],
    "kinds": [1, True, "1", None, 1.0, False, ""],
    "empty": {"map": {}, "list": []},
    "deep": json.loads('[{"deeper":' * 40 + "1" + "}]" * 40),
}
SCALARS = [0, 1, True, 1.0, -0.0, "", "{}", False, None, 2**63 - 1, -(2**63), 2**63, "\0", 5e-324]


def test_all_json_comes_back() -> None:
    for value in [ODD, *ODD.values(), *SCALARS, SCALARS]:
        decoded = decode(encode(value))
        assert json.dumps(decoded) == json.dumps(value)  # tells 1, 1.0 and True apart, and {b, a}


@pytest.mark.parametrize("name", ["", "__reserved__", MARK, "x" * 1501])
def test_some_names_are_not_for_fields(documents: FirestoreDocuments, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        documents.commit([Put(PATH, {name: 1})])


def test_odd_data_passes_through_the_store(documents: FirestoreDocuments) -> None:
    written = {**ODD, **{f"scalar {n}": scalar for n, scalar in enumerate(SCALARS)}, "a.b": 1}
    documents.commit([Create(PATH, written)])
    found = data(documents)
    assert found.keys() == written.keys()
    for name, value in written.items():
        assert json.dumps(found[name]) == json.dumps(value)
    documents.commit([Update(PATH, {"a.b": [[]], "` \\": None}), Increment(OTHER, "`.\\")])
    assert data(documents) == {**written, "a.b": [[]], "` \\": None}
    assert data(documents, OTHER) == {"`.\\": 1}


def test_what_is_good_for_nothing_after_a_time_says_so_to_firestore(
    direct: FirestoreDocuments, firestore: str, project: str
) -> None:
    end = "2026-11-24T03:04:05.678901Z"
    stored = {"id": "e", "expires_at": end}
    direct.commit([Put("errands/e", stored), Put("workspaces/w", stored)])
    assert data(direct, "errands/e") == data(direct, "workspaces/w") == stored
    asked = "http://{}/v1/projects/{}/databases/(default)/documents/{}"
    found = {}
    for path in ("errands/e", "workspaces/w"):
        answer = urllib3.request(
            "GET", asked.format(firestore, project, path), headers={"Authorization": "Bearer owner"}
        )
        found[path] = answer.json()["fields"].get(EXPIRES)
    assert found == {"errands/e": {"timestampValue": end}, "workspaces/w": None}


@pytest.mark.parametrize("value", ["x" * 1_048_540, {"inner": "x" * 1_048_540}, "x" * 1_100_000])
def test_what_is_too_large_is_told(documents: FirestoreDocuments, value: Any) -> None:
    with pytest.raises(BadRequest, match="1 MiB"):
        documents.commit([Put(PATH, {"value": value})])


# --- versions ------------------------------------------------------------------------------------


def test_what_changes_nothing_changes_the_version(documents: FirestoreDocuments) -> None:
    """Firestore would leave the document alone, and two who write the same would both win."""
    documents.commit([Create(PATH, {"n": 0})])
    seen = set()
    for write in (Put(PATH, {"n": 0}), Update(PATH, {"n": 0}), Increment(PATH, "n", 0)):
        document = documents.get(PATH)
        assert document and document.data == {"n": 0}
        seen.add(document.version)
        documents.commit([write])
        with pytest.raises(Conflict):
            documents.commit([Replace(PATH, {"n": 0}, document.version)])
    assert len(seen) == 3


def test_a_version_of_somebody_else_conflicts(documents: FirestoreDocuments) -> None:
    documents.commit([Create(PATH, {})])
    for version in ("", "7", "x.y", "-1.000001000", "1.000001000"):
        with pytest.raises(Conflict):
            documents.commit([Replace(PATH, {}, version)])


def test_contended_batches_stay_whole(documents: FirestoreDocuments) -> None:
    documents.commit([Create(PATH, {"n": 0})])

    def add(times: int) -> None:
        while times:
            document = documents.get(PATH)
            assert document
            swap = Replace(PATH, {"n": document.data["n"] + 1}, document.version)
            try:
                documents.commit([swap, Increment(OTHER, "n")])
            except Conflict:
                continue
            times -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [10] * 4))
    assert data(documents) == data(documents, OTHER) == {"n": 40}


# --- faults of the wire --------------------------------------------------------------------------

NEVER_ARRIVED = Fault(StatusCode.UNAVAILABLE)
ANSWER_LOST = Fault(StatusCode.UNAVAILABLE, arrives=True)
CUT_OFF = Fault(StatusCode.DEADLINE_EXCEEDED, arrives=True)


@pytest.mark.parametrize("fault", [ANSWER_LOST, CUT_OFF])
@pytest.mark.parametrize(
    "write", [Create(PATH, {"n": 1}), Increment(PATH, "n"), Put(PATH, {"n": 1})]
)
def test_a_commit_whose_answer_is_lost_is_recognised(
    documents: FirestoreDocuments, faulty: Wire, write: Any, fault: Fault
) -> None:
    faulty.fail(COMMIT, fault)
    documents.commit([Delete(OTHER), write])
    assert faulty.calls == [COMMIT, READ]
    assert data(documents) == {"n": 1}


def test_a_replacement_whose_answer_is_lost_happens_once(
    documents: FirestoreDocuments, direct: FirestoreDocuments, faulty: Wire
) -> None:
    direct.commit([Create(PATH, {"n": 0})])
    document = direct.get(PATH)
    assert document
    faulty.fail(COMMIT, ANSWER_LOST)
    documents.commit([Replace(PATH, {"n": 1}, document.version), Increment(OTHER, "n")])
    assert faulty.calls == [COMMIT, COMMIT, READ]
    assert data(direct) == data(direct, OTHER) == {"n": 1}


def test_what_may_have_happened_is_never_a_conflict(
    documents: FirestoreDocuments, direct: FirestoreDocuments, faulty: Wire
) -> None:
    """A Conflict says that nothing was written; here it was, and then somebody else wrote, too."""
    direct.commit([Create(PATH, {"n": 0})])
    document = direct.get(PATH)
    assert document
    faulty.fail(
        COMMIT,
        Fault(
            StatusCode.UNAVAILABLE,
            arrives=True,
            then=lambda: direct.commit([Increment(PATH, "n", 5)]),
        ),
    )
    with pytest.raises(Busy):
        documents.commit([Replace(PATH, {"n": 1}, document.version)])
    assert data(direct) == {"n": 6}


def test_what_never_arrived_is_repeated_only_if_it_can_happen_once(
    documents: FirestoreDocuments, direct: FirestoreDocuments, faulty: Wire
) -> None:
    faulty.fail(COMMIT, NEVER_ARRIVED)
    with pytest.raises(Busy):
        documents.commit([Increment(PATH, "n")])
    assert faulty.calls == [COMMIT, READ]
    assert direct.get(PATH) is None

    direct.commit([Create(PATH, {"n": 0})])
    document = direct.get(PATH)
    assert document
    faulty.fail(COMMIT, NEVER_ARRIVED, NEVER_ARRIVED)
    documents.commit([Replace(PATH, {"n": 1}, document.version)])
    assert data(direct) == {"n": 1}


@pytest.mark.parametrize("status", [StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED])
def test_what_was_refused_for_now_is_repeated(
    documents: FirestoreDocuments, faulty: Wire, status: StatusCode
) -> None:
    faulty.fail(COMMIT, Fault(status), Fault(status))
    documents.commit([Increment(PATH, "n")])
    assert faulty.calls == [COMMIT] * 3
    assert data(documents) == {"n": 1}


def test_reads_are_repeated_and_end(documents: FirestoreDocuments, faulty: Wire) -> None:
    documents.commit([Create(PATH, {"n": 1})])
    for method in (READ_ONE, READ):
        faulty.fail(method, NEVER_ARRIVED, Fault(StatusCode.INTERNAL))
        assert [one.data for one in documents.get_many([PATH]) if one] == [{"n": 1}]
        assert data(documents) == {"n": 1}
        faulty.fail(method, Fault(StatusCode.DEADLINE_EXCEEDED))
        with pytest.raises(Busy):
            (documents.get_many([PATH]), documents.get(PATH))


def test_a_refusal_for_good_tells_the_log(
    documents: FirestoreDocuments, faulty: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    faulty.fail(COMMIT, Fault(StatusCode.PERMISSION_DENIED))
    with pytest.raises(MascotryError) as caught:
        documents.commit([Put(PATH, {})])
    assert caught.value.status == 500
    [record] = caplog.records
    assert (record.levelname, record.__dict__["call"]) == ("ERROR", "commit")
    assert "PermissionDenied" in record.__dict__["reason"]


def test_without_an_emulator_the_channel_is_googles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(google.auth, "default", lambda **options: (nobody, "p"))
    with closing(FirestoreDocuments("p")) as documents:
        assert documents._api.transport.host == "firestore.googleapis.com:443"


# --- rules ---------------------------------------------------------------------------------------


def _unsigned(claims: dict[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
             for part in ({"alg": "none", "typ": "JWT"}, claims)]  # fmt: skip
    return ".".join([*parts, ""])


STRANGERS = {
    "nobody": {},
    "a user": {
        "Authorization": "Bearer "
        + _unsigned({"sub": "u", "user_id": "u", "email": "u@example.com", "admin": True})
    },
}
OWNER = {"Authorization": "Bearer owner"}


@pytest.mark.parametrize("who", [*STRANGERS, "the owner"])
def test_clients_of_the_database_itself_get_nothing(
    firestore: str, project: str, direct: FirestoreDocuments, who: str
) -> None:
    direct.commit([Create(PATH, {"n": 1}), Create("keys/k", {"n": 1})])
    headers = {**STRANGERS.get(who, OWNER), "Content-Type": "application/json"}
    base = f"http://{firestore}/v1/projects/{project}/databases/(default)/documents"
    name = f"projects/{project}/databases/(default)/documents/keys/k"
    field = {"fields": {"n": {"integerValue": "2"}}}
    asked = [
        ("GET", f"/{PATH}", None),
        ("GET", "/keys", None),
        ("POST", ":runQuery", {"structuredQuery": {"from": [{"collectionId": "keys"}]}}),
        ("POST", "/keys?documentId=new", field),
        ("POST", "/users?documentId=u", field),
        ("PATCH", f"/{PATH}", field),
        ("POST", ":commit", {"writes": [{"delete": name}]}),
        ("DELETE", f"/{PATH}", None),
    ]
    answers = {
        urllib3.request(
            method, base + path, body=json.dumps(body) if body else None, headers=headers
        ).status
        for method, path, body in asked
    }
    stored = [data(direct, path) for path in (PATH, "keys/k", "keys/new", "users/u")]
    if who == "the owner":
        assert answers == {200}
        assert stored == [None, None, {"n": 2}, {"n": 2}]
    else:
        assert answers <= {401, 403}
        assert stored == [{"n": 1}, {"n": 1}, None, None]
