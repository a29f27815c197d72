"""What Cloud CDN is asked to forget, and how."""

import json
from collections.abc import Iterator

import pytest
from google.auth.credentials import AnonymousCredentials

from shared.adapters.gcp.cdn import MANY, CloudCdn, patterns
from shared.errors import Busy, MascotryError
from tests.services.endpoint import Endpoint, serve

FILE = "me/fox/wave-a.webm"


@pytest.fixture
def compute() -> Iterator[Endpoint]:
    with serve() as endpoint:
        yield endpoint


@pytest.fixture
def cdn(compute: Endpoint) -> CloudCdn:
    return CloudCdn(
        "my-project",
        "mascotry",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        endpoint=compute.url.split("/hook")[0],
    )


def test_it_is_asked_for_each_file(cdn: CloudCdn, compute: Endpoint) -> None:
    cdn.forget([FILE, "me/fox/sit ż-b.png"])
    [first, second] = compute.messages
    assert first.path == "/compute/v1/projects/my-project/global/urlMaps/mascotry/invalidateCache"
    assert json.loads(first.body) == {"path": "/me/fox/wave-a.webm"}
    assert json.loads(second.body) == {"path": "/me/fox/sit%20%C5%BC-b.png"}


def test_many_files_are_forgotten_by_their_folder() -> None:
    """There may be 500 requests in a minute, and a character can have more files than that."""
    few = [f"me/cat/{number}.png" for number in range(MANY - 1)]
    many = [f"me/fox/{number}.png" for number in range(MANY)]
    assert patterns([*few, *many, *many]) == [*(f"/{name}" for name in few), "/me/fox/*"]
    rooted = [f"{number}.png" for number in range(MANY)]
    assert patterns(rooted) == [f"/{name}" for name in rooted], "all of the CDN would be forgotten"


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (503, b"", Busy),
        (429, b"", Busy),
        (403, b'{"error":{"errors":[{"reason":"rateLimitExceeded"}]}}', Busy),
        (403, b'{"error":{"errors":[{"reason":"forbidden"}]}}', MascotryError),
        (404, b"", MascotryError),
    ],
)
def test_what_it_refuses(
    cdn: CloudCdn, compute: Endpoint, status: int, body: bytes, fault: type[MascotryError]
) -> None:
    compute.status, compute.body = status, body
    with pytest.raises(MascotryError) as found:
        cdn.forget([FILE])
    assert type(found.value) is fault


def test_it_is_out_of_reach() -> None:
    nowhere = CloudCdn(
        "my-project",
        "mascotry",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        endpoint="http://127.0.0.1:9",
    )
    with pytest.raises(Busy):
        nowhere.forget([FILE])
