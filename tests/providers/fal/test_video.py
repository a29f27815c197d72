"""Films by fal: its real client against a server that speaks its wire format."""

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
from shared.providers.fal.video import FalFilms
from tests.providers.wire.material import KEY, SECRET, film, quiet, settings, video_request
from tests.providers.wire.server import Drop, Hang, Reply, Wire, closed_port

MODEL = "fal-ai/kling-video/v2.5-turbo/pro/image-to-video"
OPERATION = f"{MODEL}#abc-1"
QUEUED = {
    "request_id": "abc-1",
    "response_url": "https://queue.fal.run/r",
    "status_url": "https://queue.fal.run/s",
    "cancel_url": "https://queue.fal.run/c",
}
DONE = Reply({"status": "COMPLETED", "logs": None, "metrics": {}})


def films(wire: Wire | str, **chosen: object) -> FalFilms:
    url = wire if isinstance(wire, str) else wire.url
    return FalFilms(settings(fal_url=url, **chosen))


def picture(data: str) -> Image.Image:
    head, _, encoded = data.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(encoded)))


def typed(kind: str, message: str, status: int = 422) -> Reply:
    return Reply({"detail": [{"loc": ["body"], "type": kind, "msg": message}]}, status)


def submit(wire: Wire, folder: Path, **changes: object) -> Waiting | Refused | Later:
    return films(wire).submit(video_request(folder, **changes), folder, quiet)


def poll(wire: Wire, folder: Path, **changes: object) -> Film | Waiting | Refused | Later:
    return films(wire).poll(OPERATION, video_request(folder, **changes), folder, quiet)


def test_a_film_is_put_into_the_queue(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(QUEUED))
    assert submit(wire, tmp_path) == Waiting(OPERATION, 10.0)
    assert wire.only.path == f"/{MODEL}"
    assert wire.only.headers["authorization"] == f"Key {SECRET}"
    asked = wire.only.json
    assert asked.keys() == {"prompt", "image_url", "duration"}
    assert asked["duration"] == "5"
    still = picture(asked["image_url"])
    assert (still.mode, still.size) == ("RGB", (720, 720))
    assert still.getpixel((0, 0)) == KEY
    assert still.getpixel((360, 360)) == (200, 80, 0)


def test_a_loop_ends_where_it_starts(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(QUEUED))
    submit(wire, tmp_path, loop=True)
    assert wire.only.json["tail_image_url"] == wire.only.json["image_url"]


def test_the_names_and_the_shape_are_the_models(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(QUEUED))
    end = tmp_path / "end.png"
    Image.new("RGBA", (8, 8), (0, 0, 255, 255)).save(end)
    chosen = films(
        wire,
        fal_video_model="owner/other",
        fal_start_field="start",
        fal_end_field="end",
        fal_wide=True,
        fal_arguments={"resolution": "720p", "duration": 6},
    )
    waiting = chosen.submit(video_request(tmp_path, end_still=end), tmp_path, quiet)
    assert waiting == Waiting("owner/other#abc-1", 10.0)
    asked = wire.only.json
    assert (asked["resolution"], asked["duration"]) == ("720p", 6)
    assert picture(asked["start"]).size == (1280, 720)
    assert picture(asked["end"]).getpixel((640, 360)) == (0, 0, 255)


@pytest.mark.parametrize(
    "status",
    [
        {"status": "IN_QUEUE", "queue_position": 3},
        {"status": "IN_PROGRESS", "logs": None},
    ],
)
def test_a_film_in_the_making_is_waited_for(
    wire: Wire, tmp_path: Path, status: dict[str, Any]
) -> None:
    wire.answer(Reply(status))
    assert poll(wire, tmp_path) == Waiting(OPERATION, 10.0)
    assert wire.only.path == "/fal-ai/kling-video/requests/abc-1/status?logs=false"


def test_a_finished_film_is_fetched_without_the_key_and_made_square(
    wire: Wire, tmp_path: Path
) -> None:
    made = film(tmp_path / "made.mp4", 5.0, fps=30, size=(96, 96))
    place = Reply({"video": {"url": f"{wire.url}/files/1.mp4"}})
    wire.answer(DONE, DONE, place, Reply(made))
    done = poll(wire, tmp_path)
    assert isinstance(done, Film)
    assert done.model == MODEL
    assert done.cost_usd == pytest.approx(0.35)
    verify_film(done.path, None, (64, 64), 72, 24, alpha_expected=False)
    assert wire.requests[-1].path == "/files/1.mp4"
    assert "authorization" not in wire.requests[-1].headers
    assert done.metadata == {}


def test_another_ratio_is_told(wire: Wire, tmp_path: Path) -> None:
    made = film(tmp_path / "made.mp4", 5.0, size=(72, 128))
    place = Reply({"video": {"url": f"{wire.url}/files/1.mp4"}})
    wire.answer(DONE, DONE, place, Reply(made))
    done = poll(wire, tmp_path)
    assert isinstance(done, Film)
    assert done.metadata["made_square"].startswith("The model filmed 72×128 instead of 720×720;")


@pytest.mark.parametrize(
    "replies",
    [
        [typed("content_policy_violation", "Not this.")],
        [Reply({"detail": "This breaks our content policy."}, 422)],
    ],
)
def test_a_refused_submit_is_a_value(wire: Wire, tmp_path: Path, replies: list[Reply]) -> None:
    wire.answer(*replies)
    refused = submit(wire, tmp_path)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("The model does not make what was asked for: ")
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "replies",
    [
        [DONE, DONE, typed("content_policy_violation", "Not this.")],
        [Reply({"status": "COMPLETED", "logs": None, "error": "Stopped by the safety system."})],
    ],
)
def test_a_refusal_may_come_late(wire: Wire, tmp_path: Path, replies: list[Reply]) -> None:
    wire.answer(*replies)
    assert isinstance(poll(wire, tmp_path), Refused)


def test_a_rate_limit_is_a_wait(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply({"detail": "slow down"}, 429), Reply({}, 429, {"Retry-After": "9"}))
    assert submit(wire, tmp_path) == Later(30.0)
    assert poll(wire, tmp_path) == Later(9.0)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (typed("value_error", "duration?"), PermanentError, "provider_rejected"),
        (Reply({"detail": f"no {SECRET}"}, 401), PermanentError, "provider_unauthorized"),
        (Reply({"detail": f"no {SECRET}"}, 403), PermanentError, "provider_unauthorized"),
        (Reply({"detail": "no such app"}, 404), PermanentError, "provider_rejected"),
        (Reply({"detail": "conflict"}, 409), PermanentError, "provider_rejected"),
        (Reply({"detail": "oops"}, 500), TransientError, "provider_unavailable"),
        (Reply({"detail": "no runner"}, 503), TransientError, "provider_unavailable"),
        (Reply(b"nginx", 503), PermanentError, "provider_outcome_unknown"),
        (Reply(b"nginx", 502), PermanentError, "provider_outcome_unknown"),
        (Reply({"detail": "late"}, 504), PermanentError, "provider_outcome_unknown"),
        (Drop(), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"request', missing=50), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"request'), PermanentError, "provider_answer"),
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
        (Reply({"detail": "gone"}, 404), PermanentError, "provider_expired"),
        (Reply({"detail": "late"}, 504), TransientError, "provider_unavailable"),
        (Drop(), TransientError, "provider_connection_lost"),
        (Reply(b'{"sta'), PermanentError, "provider_answer"),
        (Reply({"status": "DREAMING"}), PermanentError, "provider_answer"),
        (
            Reply({"status": "COMPLETED", "logs": None, "error": f"out of memory {SECRET}"}),
            PermanentError,
            "provider_failed",
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
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "answer", "kind", "reason"),
    [
        ("/1.mp4", Reply({}, 404), PermanentError, "provider_answer"),
        ("/1.mp4", Reply({}, 503), TransientError, "film_fetch_failed"),
        ("/1.mp4", Reply(b"\0" * 10, missing=10), TransientError, "film_fetch_failed"),
        ("/1.mp4", Reply(b"no film"), PermanentError, "provider_answer"),
        ("file:///etc/passwd", Reply(), PermanentError, "provider_answer"),
    ],
)
def test_a_film_that_cannot_be_fetched(
    wire: Wire, tmp_path: Path, place: str, answer: Reply, kind: type[StepError], reason: str
) -> None:
    url = wire.url + place if place.startswith("/") else place
    wire.answer(DONE, DONE, Reply({"video": {"url": url}}), answer)
    with pytest.raises(kind) as raised:
        poll(wire, tmp_path)
    assert raised.value.reason == reason


def test_a_film_on_a_plain_address_is_not_fetched(tmp_path: Path) -> None:
    from shared.providers.fetching import fetch

    with pytest.raises(PermanentError, match="none that we fetch from"):
        fetch("http://127.0.0.1/1.mp4", tmp_path / "film.mp4", 1.0)


def test_no_answer_in_time(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Hang())
    request = video_request(tmp_path)
    impatient = films(wire, provider_timeout=0.4, provider_poll_timeout=0.4)
    with pytest.raises(PermanentError) as raised:
        impatient.submit(request, tmp_path, quiet)
    assert raised.value.reason == "provider_outcome_unknown"
    assert len(wire.requests) == 1
    with pytest.raises(TransientError) as lost:
        impatient.poll(OPERATION, request, tmp_path, quiet)
    assert lost.value.reason == "provider_connection_lost"
    assert len(wire.requests) == 2


def test_what_was_never_sent_may_be_sent_again(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as raised:
        films(closed_port()).submit(video_request(tmp_path), tmp_path, quiet)
    assert raised.value.reason == "provider_unreachable"


def test_a_film_longer_than_the_model_makes_is_not_paid_for(wire: Wire, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="up to 10 s"):
        submit(wire, tmp_path, duration=11.0)
    assert wire.requests == []


def test_missing_credentials_are_named_at_the_start() -> None:
    with pytest.raises(PermanentError, match="MASCOTRY_FAL_KEY"):
        FalFilms(settings(fal_key=""))
