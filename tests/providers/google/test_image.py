"""Stills by Google: the real SDK against a server that speaks its wire format."""

import base64
import logging
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.errors import PermanentError, StepError, TransientError
from shared.providers.base import Later, Picture, Refused
from shared.providers.google.image import GoogleImages
from tests.providers.wire.material import SECRET, encoded, image_request, png, quiet, settings
from tests.providers.wire.server import Drop, Hang, Reply, Wire, closed_port


def drawn(data: str) -> dict[str, Any]:
    part = {"inlineData": {"mimeType": "image/png", "data": data}}
    return {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}


def ended(reason: str, *words: str) -> dict[str, Any]:
    parts = [{"text": text} for text in words]
    return {"candidates": [{"content": {"parts": parts}, "finishReason": reason}]}


def problem(code: int, status: str, message: str, **more: object) -> Reply:
    error = {"code": code, "status": status, "message": message, **more}
    return Reply({"error": error}, status=code)


def generate(wire: Wire | str, folder: Path, **request: object) -> Picture | Refused | Later:
    url = wire if isinstance(wire, str) else wire.url
    return GoogleImages(settings(google_url=url)).generate(image_request(**request), folder, quiet)


def test_a_still_is_drawn_and_brought_to_size(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(drawn(encoded(png(128)))))
    picture = generate(wire, tmp_path)
    assert isinstance(picture, Picture)
    assert picture.background is None
    assert picture.cost_usd == 0.034
    with Image.open(picture.path) as image:
        assert (image.format, image.size) == ("PNG", (64, 64))
    asked = wire.only
    assert asked.path == "/v1/models/gemini-nano-banana-2.1:generateContent"
    assert asked.json["contents"] == [{"parts": [{"text": "A fox, waving"}], "role": "user"}]
    config = asked.json["generationConfig"]
    assert config["responseModalities"] == ["IMAGE"]
    assert config["imageConfig"] == {"aspectRatio": "1:1", "imageSize": "1K"}
    assert asked.headers["x-goog-api-key"] == SECRET
    assert SECRET not in asked.path


def test_six_pictures_go_along_and_the_edited_one_first(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(drawn(encoded(png()))))
    pictures = []
    for number in range(7):
        pictures.append(tmp_path / f"{number}.png")
        pictures[-1].write_bytes(png(16 + number))
    picture = generate(wire, tmp_path, edited=pictures[0], references=tuple(pictures[1:]))
    assert isinstance(picture, Picture)
    parts = wire.only.json["contents"][0]["parts"]
    sent = [base64.urlsafe_b64decode(part["inlineData"]["data"]) for part in parts[1:]]
    assert sent == [path.read_bytes() for path in pictures[:6]]
    assert picture.parameters == {"image_size": "1K", "references": 6, "edited": True}


ODD_BILLS: tuple[object, ...] = (
    None,
    {},
    {"totalTokenCount": "many"},
    {"promptTokenCount": -1},
    [],
    "free",
)


@pytest.mark.parametrize("usage", ODD_BILLS, ids=str)
def test_a_picture_is_not_lost_for_its_bill(wire: Wire, tmp_path: Path, usage: object) -> None:
    wire.answer(Reply({**drawn(encoded(png())), "usageMetadata": usage}))
    assert isinstance(generate(wire, tmp_path), Picture)
    assert len(wire.requests) == 1


def test_a_picture_of_another_ratio_is_kept_and_says_so(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(drawn(encoded(png(64, width=128)))))
    picture = generate(wire, tmp_path)
    assert isinstance(picture, Picture)
    assert picture.metadata["made_square"].startswith("The model drew 128×64 instead of a square")


def test_a_price_can_be_overridden(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Reply(drawn(encoded(png()))))
    chosen = settings(
        google_url=wire.url, google_image_model="new", provider_prices={"new": {"picture": 0.5}}
    )
    picture = GoogleImages(chosen).generate(image_request(), tmp_path, quiet)
    assert isinstance(picture, Picture)
    assert (picture.model, picture.cost_usd) == ("new", 0.5)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            {"promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "too scary."}},
            "Google's safety filter stopped the request: too scary.",
        ),
        (
            {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}},
            "Google does not make what was asked for.",
        ),
        (ended("IMAGE_SAFETY"), "Google's safety filter stopped the picture."),
        (ended("IMAGE_PROHIBITED_CONTENT"), "Google does not draw what was asked for."),
        (ended("NO_IMAGE"), "Google answered without a picture."),
        (ended("STOP", "I would", "rather not."), "Google answered with words instead: I would"),
    ],
)
def test_a_refusal_is_a_value_and_asked_for_once(
    wire: Wire, tmp_path: Path, answer: dict[str, Any], reason: str
) -> None:
    wire.answer(Reply(answer))
    refused = generate(wire, tmp_path)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith(reason)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("reply", "delay"),
    [
        (problem(429, "RESOURCE_EXHAUSTED", "slow down"), 30.0),
        (
            problem(
                429,
                "RESOURCE_EXHAUSTED",
                "slow down",
                details=[
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}
                ],
            ),
            17.0,
        ),
        (Reply({"error": {"code": 429}}, 429, {"Retry-After": "5"}), 5.0),
        (Reply({"error": {"code": 429}}, 429, {"Retry-After": "999999"}), 3600.0),
    ],
)
def test_a_rate_limit_is_a_wait(wire: Wire, tmp_path: Path, reply: Reply, delay: float) -> None:
    wire.answer(reply)
    assert generate(wire, tmp_path) == Later(delay)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (problem(400, "INVALID_ARGUMENT", "bad size"), PermanentError, "provider_rejected"),
        (
            problem(401, "UNAUTHENTICATED", f"no such key {SECRET}"),
            PermanentError,
            "provider_unauthorized",
        ),
        (
            problem(403, "PERMISSION_DENIED", f"{SECRET} may not"),
            PermanentError,
            "provider_unauthorized",
        ),
        (problem(404, "NOT_FOUND", f"no model for {SECRET}"), PermanentError, "provider_rejected"),
        (problem(500, "INTERNAL", "oops"), TransientError, "provider_unavailable"),
        (problem(503, "UNAVAILABLE", "overloaded"), TransientError, "provider_unavailable"),
        (problem(504, "DEADLINE_EXCEEDED", "?"), PermanentError, "provider_outcome_unknown"),
        (Reply(b"<html>", 502), PermanentError, "provider_outcome_unknown"),
        (Drop(), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"candidates": [', missing=100), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"candidates": ['), PermanentError, "provider_answer"),
        (Reply({"candidates": "none"}), PermanentError, "provider_answer"),
        (Reply({}), PermanentError, "provider_answer"),
        (Reply(ended("MAX_TOKENS")), PermanentError, "provider_answer"),
        (Reply(drawn(encoded(png(256)[:-200]))), PermanentError, "provider_answer"),
        (Reply(drawn("!!")), PermanentError, "provider_answer"),
        (Reply(drawn(encoded(b"GIF87a"))), PermanentError, "provider_answer"),
    ],
)
def test_a_fault_has_its_name_is_not_repeated_and_keeps_the_key(
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
        generate(wire, tmp_path)
    assert raised.value.reason == reason
    assert len(wire.requests) == 1
    assert SECRET not in str(raised.value) + repr(raised.value) + caplog.text


def test_no_answer_in_time_is_an_unknown_outcome(wire: Wire, tmp_path: Path) -> None:
    wire.answer(Hang())
    images = GoogleImages(settings(google_url=wire.url, provider_timeout=0.5))
    with pytest.raises(PermanentError) as raised:
        images.generate(image_request(), tmp_path, quiet)
    assert raised.value.reason == "provider_outcome_unknown"
    assert len(wire.requests) == 1


def test_what_was_never_sent_may_be_sent_again(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as raised:
        generate(closed_port(), tmp_path)
    assert raised.value.reason == "provider_unreachable"


def test_work_that_is_not_wanted_is_not_paid_for(wire: Wire, tmp_path: Path) -> None:
    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        GoogleImages(settings(google_url=wire.url)).generate(image_request(), tmp_path, stop)
    assert wire.requests == []


def test_missing_credentials_are_named_at_the_start() -> None:
    with pytest.raises(PermanentError, match="MASCOTRY_GOOGLE_API_KEY") as raised:
        GoogleImages(settings(google_api_key=""))
    assert raised.value.reason == "provider_unconfigured"


def test_a_wrong_price_is_found_at_the_start() -> None:
    wrong = {"gemini-nano-banana-2.1": {"image": 1.0}}
    with pytest.raises(PermanentError, match="there is: picture, second"):
        GoogleImages(settings(provider_prices=wrong))


def test_a_project_is_asked_as_the_machines_own_account(wire: Wire, tmp_path: Path) -> None:
    from google.oauth2.credentials import Credentials

    wire.answer(Reply(drawn(encoded(png()))))
    chosen = settings(google_url=wire.url, google_project="zoo", google_api_key="")
    token = Credentials(token="ya29.token")  # type: ignore[no-untyped-call]
    assert isinstance(
        GoogleImages(chosen, token).generate(image_request(), tmp_path, quiet), Picture
    )
    assert wire.only.headers["authorization"] == "Bearer ya29.token"
    assert "gemini-nano-banana-2.1:generateContent" in wire.only.path
