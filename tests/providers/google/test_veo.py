"""Films by Veo on Vertex: the real SDK against a server that speaks its wire format."""

import base64
import io
import logging
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from PIL import Image

from shared.errors import PermanentError, StepError, TransientError
from shared.media.verify import verify_film
from shared.providers.base import Film, Later, Refused, Waiting
from shared.providers.google.video import GoogleFilms
from tests.providers.wire.material import KEY, SECRET, encoded, film, quiet, settings, video_request
from tests.providers.wire.server import Drop, Hang, Reply, Wire, closed_port

MODEL = "projects/zoo/locations/us-central1/publishers/google/models/veo-3.1-generate-001"
NAME = f"{MODEL}/operations/42"
OPERATION = f"veo:{NAME}"
STARTED = Reply({"name": NAME})


def films(wire: Wire | str, **chosen: object) -> GoogleFilms:
    url = wire if isinstance(wire, str) else wire.url
    token = Credentials(token=SECRET)  # type: ignore[no-untyped-call]
    return GoogleFilms(settings(google_url=url, google_project="zoo", **chosen), token)


def submit(wire: Wire, folder: Path, **changes: object) -> Waiting | Refused | Later:
    return films(wire).submit(video_request(folder, **changes), folder, quiet)


def poll(wire: Wire, folder: Path, **changes: object) -> Film | Waiting | Refused | Later:
    return films(wire).poll(OPERATION, video_request(folder, **changes), folder, quiet)


def ended(**response: Any) -> Reply:
    return Reply({"name": NAME, "done": True, "response": response})


def failed(code: int, message: str) -> Reply:
    return Reply({"name": NAME, "done": True, "error": {"code": code, "message": message}})


def problem(code: int, status: str, message: str) -> Reply:
    return Reply({"error": {"code": code, "status": status, "message": message}}, status=code)


def picture(image: dict[str, str]) -> Image.Image:
    assert image["mimeType"] == "image/png"
    data = image["bytesBase64Encoded"]
    return Image.open(io.BytesIO(base64.b64decode(data.translate(str.maketrans("-_", "+/")))))


def test_a_film_is_started_from_a_still_in_the_middle_of_16_9(wire: Wire, tmp_path: Path) -> None:
    wire.answer(STARTED)
    assert submit(wire, tmp_path) == Waiting(OPERATION, 10.0)
    assert wire.only.path.endswith(f"/{MODEL}:predictLongRunning")
    assert wire.only.headers["authorization"] == f"Bearer {SECRET}"
    (instance,) = wire.only.json["instances"]
    assert instance["prompt"] == "A fox, waving hello"
    still = picture(instance["image"])
    assert (still.mode, still.size) == ("RGB", (1280, 720))
    assert still.getpixel((0, 0)) == still.getpixel((1279, 719)) == KEY
    assert still.getpixel((640, 360)) == (200, 80, 0)
    assert "lastFrame" not in instance
    assert wire.only.json["parameters"] == {
        "aspectRatio": "16:9",
        "durationSeconds": 4,
        "generateAudio": False,
        "sampleCount": 1,
        "seed": 7,
    }


def test_a_loop_ends_where_it_starts(wire: Wire, tmp_path: Path) -> None:
    wire.answer(STARTED)
    submit(wire, tmp_path, loop=True)
    (instance,) = wire.only.json["instances"]
    assert instance["lastFrame"] == instance["image"]


def test_another_end_is_the_last_frame(wire: Wire, tmp_path: Path) -> None:
    wire.answer(STARTED)
    end = tmp_path / "end.png"
    Image.new("RGBA", (8, 8), (0, 0, 255, 255)).save(end)
    submit(wire, tmp_path, end_still=end, duration=4.5)
    (instance,) = wire.only.json["instances"]
    assert picture(instance["lastFrame"]).getpixel((640, 360)) == (0, 0, 255)
    assert wire.only.json["parameters"]["durationSeconds"] == 6


def test_a_film_in_the_making_is_waited_for(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply({"name": NAME}))
    assert poll(wire, tmp_path) == Waiting(OPERATION, 10.0)
    assert wire.only.path.endswith(f"/{MODEL}:fetchPredictOperation")
    assert wire.only.json == {"operationName": NAME}


def test_a_finished_film_is_made_square(wire: Wire, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", 4.0)
    video = {"bytesBase64Encoded": encoded(made), "mimeType": "video/mp4"}
    wire.answer(ended(videos=[video]))
    done = poll(wire, tmp_path, loop=True)
    assert isinstance(done, Film)
    assert done.model == "veo-3.1-generate-001"
    assert done.cost_usd == pytest.approx(1.6)
    assert done.parameters == {"seconds": 4, "last_frame": True}
    verify_film(done.path, None, (64, 64), 72, 24, alpha_expected=False)
    assert done.metadata == {}


def test_another_ratio_is_told(wire: Wire, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", 4.0, size=(72, 128))
    video = {"bytesBase64Encoded": encoded(made), "mimeType": "video/mp4"}
    wire.answer(ended(videos=[video]))
    done = poll(wire, tmp_path)
    assert isinstance(done, Film)
    assert done.metadata["made_square"].startswith("The model filmed 72×128 instead of 1280×720;")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            ended(raiMediaFilteredCount=1, raiMediaFilteredReasons=["It looks like a child."]),
            "Google's safety filter stopped the film: It looks like a child.",
        ),
        (ended(raiMediaFilteredCount=1), "Google's safety filter stopped the film."),
        (
            failed(3, "The prompt has sensitive words that violate Responsible AI practices."),
            "Google does not make what was asked for: The prompt has sensitive words",
        ),
    ],
)
def test_a_refusal_is_a_value(wire: Wire, tmp_path: Path, reply: Reply, reason: str) -> None:
    wire.answer(reply)
    refused = poll(wire, tmp_path)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith(reason)


def test_a_refused_submit_is_a_value(wire: Wire, tmp_path: Path) -> None:
    wire.answer(problem(400, "INVALID_ARGUMENT", "It violates our usage guidelines."))
    assert isinstance(submit(wire, tmp_path), Refused)
    assert len(wire.requests) == 1


def test_a_rate_limit_is_a_wait(wire: Wire, tmp_path: Path) -> None:
    wire.answer(problem(429, "RESOURCE_EXHAUSTED", "slow down"))
    assert submit(wire, tmp_path) == Later(30.0)
    assert poll(wire, tmp_path) == Later(30.0)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (problem(400, "INVALID_ARGUMENT", "seed?"), PermanentError, "provider_rejected"),
        (problem(401, "UNAUTHENTICATED", SECRET), PermanentError, "provider_unauthorized"),
        (problem(403, "PERMISSION_DENIED", "enable it"), PermanentError, "provider_unauthorized"),
        (problem(503, "UNAVAILABLE", "overloaded"), TransientError, "provider_unavailable"),
        (problem(504, "DEADLINE_EXCEEDED", "?"), PermanentError, "provider_outcome_unknown"),
        (Drop(), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"name'), PermanentError, "provider_answer"),
        (Reply({}), PermanentError, "provider_answer"),
    ],
)
def test_a_submit_is_made_once_whatever_happens(
    wire: Wire,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    reply: Reply | Drop,
    kind: type[StepError],
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.answer(reply)
    with pytest.raises(kind) as raised:
        submit(wire, tmp_path)
    assert raised.value.reason == reason
    assert len(wire.requests) == 1
    assert SECRET not in str(raised.value) + repr(raised.value) + caplog.text


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (problem(404, "NOT_FOUND", "gone"), PermanentError, "provider_expired"),
        (problem(504, "DEADLINE_EXCEEDED", "?"), TransientError, "provider_unavailable"),
        (failed(13, "internal"), PermanentError, "provider_failed"),
        (Drop(), TransientError, "provider_connection_lost"),
        (Reply(b'{"name'), PermanentError, "provider_answer"),
        (ended(videos=[]), PermanentError, "provider_answer"),
        (ended(videos=[{"gcsUri": "gs://b/1.mp4"}]), PermanentError, "provider_answer"),
        (
            ended(videos=[{"bytesBase64Encoded": encoded(b"no film")}]),
            PermanentError,
            "provider_answer",
        ),
    ],
)
def test_asking_after_a_film_is_safe_to_repeat(
    wire: Wire, tmp_path: Path, reply: Reply | Drop, kind: type[StepError], reason: str
) -> None:
    wire.answer(reply)
    with pytest.raises(kind) as raised:
        poll(wire, tmp_path)
    assert raised.value.reason == reason
    assert len(wire.requests) == 1


def test_no_answer_in_time(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Hang())
    request = video_request(tmp_path)
    impatient = films(wire, provider_timeout=0.4, provider_poll_timeout=0.4)
    with pytest.raises(PermanentError) as raised:
        impatient.submit(request, tmp_path, quiet)
    assert raised.value.reason == "provider_outcome_unknown"
    with pytest.raises(TransientError) as lost:
        impatient.poll(OPERATION, request, tmp_path, quiet)
    assert lost.value.reason == "provider_connection_lost"
    assert len(wire.requests) == 2


def test_what_was_never_sent_may_be_sent_again(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as raised:
        films(closed_port()).submit(video_request(tmp_path), tmp_path, quiet)
    assert raised.value.reason == "provider_unreachable"


def test_an_expired_login_is_no_unknown_outcome(wire: Wire, tmp_path: Path) -> None:
    login = Credentials(token=None)  # type: ignore[no-untyped-call]
    chosen = GoogleFilms(settings(google_url=wire.url, google_project="zoo"), login)
    with pytest.raises(PermanentError) as raised:
        chosen.submit(video_request(tmp_path), tmp_path, quiet)
    assert raised.value.reason == "provider_unauthorized"
    assert wire.requests == []


def test_credentials_that_went_away_are_named(wire: Wire, tmp_path: Path) -> None:
    chosen = GoogleFilms(settings(google_url=wire.url))
    with pytest.raises(PermanentError, match="MASCOTRY_GOOGLE_PROJECT for veo"):
        chosen.poll(OPERATION, video_request(tmp_path), tmp_path, quiet)
