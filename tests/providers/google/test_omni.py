"""Films by Omni with an API key: the real SDK against a server that speaks its wire format."""

import base64
import io
import logging
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.errors import PermanentError, StepError, TransientError
from shared.media.verify import verify_film
from shared.providers.base import Film, Later, Refused, Waiting
from shared.providers.google.video import GoogleFilms
from tests.providers.wire.material import KEY, SECRET, encoded, film, quiet, settings, video_request
from tests.providers.wire.server import Drop, Hang, Reply, Wire, closed_port

OPERATION = "omni:v1_7"
MODEL = "gemini-omni-1.2-flash"


def films(wire: Wire | str, **chosen: object) -> GoogleFilms:
    url = wire if isinstance(wire, str) else wire.url
    return GoogleFilms(settings(google_url=url, **chosen))


def submit(wire: Wire, folder: Path, **changes: object) -> Waiting | Refused | Later:
    return films(wire).submit(video_request(folder, **changes), folder, quiet)


def poll(wire: Wire, folder: Path, **changes: object) -> Film | Waiting | Refused | Later:
    return films(wire).poll(OPERATION, video_request(folder, **changes), folder, quiet)


def state(status: str, *content: dict[str, Any], **more: object) -> Reply:
    steps = [{"type": "model_output", "content": list(content)}] if content else []
    return Reply({"id": "v1_7", "status": status, "model": MODEL, "steps": steps, **more})


ELSEWHERE = state(
    "completed",
    {"type": "video", "uri": "https://evil.example/v1beta/files/abc123:download?alt=media"},
)


def problem(status: int, message: str, **headers: str) -> Reply:
    error = {"code": status, "message": message}
    return Reply({"error": error}, status, headers)


def test_a_film_is_started_in_the_background(wire: Wire, tmp_path: Path) -> None:
    wire.answer(state("in_progress"))
    assert submit(wire, tmp_path) == Waiting(OPERATION, 10.0)
    assert wire.only.method == "POST"
    assert wire.only.path.endswith("/interactions")
    assert wire.only.headers["x-goog-api-key"] == SECRET
    asked = wire.only.json
    assert (asked["model"], asked["background"], asked["store"]) == (MODEL, True, True)
    assert asked["response_format"] == {
        "type": "video",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": "4s",
        "delivery": "uri",
    }
    assert asked["generation_config"] == {"video_config": {"task": "image_to_video"}}
    still, words = asked["input"][0]["content"]
    assert words["text"].startswith("[# Sources <FIRST_FRAME>@Image1] A fox, waving hello\n")
    assert "One continuous shot" in words["text"]
    image = Image.open(io.BytesIO(base64.b64decode(still["data"])))
    assert (image.mode, image.size, image.getpixel((0, 0))) == ("RGB", (1280, 720), KEY)


def test_a_loop_ends_where_it_starts(wire: Wire, tmp_path: Path) -> None:
    wire.answer(state("in_progress"))
    submit(wire, tmp_path, loop=True)
    _, words = wire.only.json["input"][0]["content"]
    assert words["text"].startswith("[# Sources <FIRST_FRAME>@Image1 <LAST_FRAME>@Image1] ")


def test_another_end_is_the_last_frame(wire: Wire, tmp_path: Path) -> None:
    wire.answer(state("in_progress"))
    end = tmp_path / "end.png"
    Image.new("RGBA", (8, 8), (0, 0, 255, 255)).save(end)
    submit(wire, tmp_path, end_still=end)
    _, last, words = wire.only.json["input"][0]["content"]
    image = Image.open(io.BytesIO(base64.b64decode(last["data"])))
    assert image.getpixel((640, 360)) == (0, 0, 255)
    assert words["text"].startswith("[# Sources <FIRST_FRAME>@Image1 <LAST_FRAME>@Image2] ")


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_film_in_the_making_is_waited_for(wire: Wire, tmp_path: Path, status: str) -> None:
    wire.answer(state(status))
    assert poll(wire, tmp_path) == Waiting(OPERATION, 10.0)
    assert wire.only.path.partition("?")[0].endswith("/interactions/v1_7")


def test_a_finished_film_in_the_answer(wire: Wire, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", 4.0)
    wire.answer(state("completed", {"type": "video", "data": encoded(made)}))
    done = poll(wire, tmp_path)
    assert isinstance(done, Film)
    assert done.model == MODEL
    assert done.cost_usd == pytest.approx(0.28)
    assert done.parameters == {"seconds": 4, "last_frame": False}
    verify_film(done.path, None, (64, 64), 72, 24, alpha_expected=False)
    assert done.metadata == {}


def test_another_ratio_is_told(wire: Wire, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", 4.0, size=(72, 128))
    wire.answer(state("completed", {"type": "video", "data": encoded(made)}))
    done = poll(wire, tmp_path)
    assert isinstance(done, Film)
    assert done.metadata["made_square"].startswith("The model filmed 72×128 instead of 1280×720;")


def test_a_finished_film_elsewhere_is_asked_of_google_alone(wire: Wire, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", 4.0)
    stored = {"name": "files/abc123", "state": "ACTIVE"}
    wire.answer(ELSEWHERE, Reply(stored), Reply(made))
    done = poll(wire, tmp_path, loop=True)
    assert isinstance(done, Film)
    assert done.parameters == {"seconds": 4, "last_frame": True}
    assert wire.requests[-1].path.endswith("/files/abc123:download?alt=media")


def test_a_film_whose_file_is_not_there_yet_is_waited_for(wire: Wire, tmp_path: Path) -> None:
    wire.answer(ELSEWHERE, Reply({"name": "files/abc123", "state": "PROCESSING"}))
    assert poll(wire, tmp_path) == Waiting(OPERATION, 10.0)


def test_a_film_whose_file_failed(wire: Wire, tmp_path: Path) -> None:
    wire.answer(ELSEWHERE, Reply({"name": "files/abc123", "state": "FAILED"}))
    with pytest.raises(PermanentError) as raised:
        poll(wire, tmp_path)
    assert raised.value.reason == "provider_failed"


@pytest.mark.parametrize(
    "reply",
    [
        state("failed", errors=[{"code": "safety", "message": "No."}]),
        state("failed", errors=[{"message": "Stopped by our safety filter."}]),
        state("completed", {"type": "text", "text": "I would rather not."}),
    ],
)
def test_a_refusal_is_a_value(wire: Wire, tmp_path: Path, reply: Reply) -> None:
    wire.answer(reply)
    assert isinstance(poll(wire, tmp_path), Refused)


def test_a_refused_submit_is_a_value(wire: Wire, tmp_path: Path) -> None:
    wire.answer(problem(400, "It violates our usage guidelines."))
    assert submit(wire, tmp_path) == Refused(
        "Google does not make what was asked for: It violates our usage guidelines."
    )
    assert len(wire.requests) == 1


def test_a_rate_limit_is_a_wait(wire: Wire, tmp_path: Path) -> None:
    wire.answer(problem(429, "slow down"), problem(429, "slow", **{"Retry-After": "9"}))
    assert submit(wire, tmp_path) == Later(30.0)
    assert poll(wire, tmp_path) == Later(9.0)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (problem(400, "duration?"), PermanentError, "provider_rejected"),
        (problem(401, f"no such key {SECRET}"), PermanentError, "provider_unauthorized"),
        (problem(403, f"{SECRET} may not"), PermanentError, "provider_unauthorized"),
        (problem(500, "oops"), TransientError, "provider_unavailable"),
        (problem(503, "overloaded"), TransientError, "provider_unavailable"),
        (problem(504, "?"), PermanentError, "provider_outcome_unknown"),
        (Drop(), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"id'), PermanentError, "provider_answer"),
        (Reply({"status": "in_progress"}), PermanentError, "provider_answer"),
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
        (problem(404, "gone"), PermanentError, "provider_expired"),
        (problem(503, "overloaded"), TransientError, "provider_unavailable"),
        (Drop(), TransientError, "provider_connection_lost"),
        (Reply(b'{"id'), PermanentError, "provider_answer"),
        (state("failed", errors=[{"message": "out of memory"}]), PermanentError, "provider_failed"),
        (state("cancelled"), PermanentError, "provider_failed"),
        (state("completed"), PermanentError, "provider_answer"),
        (state("completed", {"type": "video", "data": "!!"}), PermanentError, "provider_answer"),
        (
            state("completed", {"type": "video", "data": encoded(b"no film")}),
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
