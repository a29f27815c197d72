"""Stills by OpenAI: the real SDK against a server that speaks its wire format."""

import logging
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest
from PIL import Image

from shared.errors import PermanentError, StepError, TransientError
from shared.providers.base import Later, Picture, Refused
from shared.providers.openai.image import OpenAIImages
from tests.providers.wire.material import SECRET, encoded, image_request, png, quiet, settings
from tests.providers.wire.server import Drop, Hang, Received, Reply, Wire, closed_port

USAGE = {
    "input_tokens": 1100,
    "input_tokens_details": {"text_tokens": 100, "image_tokens": 1000},
    "output_tokens": 2000,
    "total_tokens": 3100,
}


def drawn(data: str, **more: object) -> Reply:
    return Reply({"created": 1, "data": [{"b64_json": data}], **more})


def problem(status: int, code: str | None, message: str, **headers: str) -> Reply:
    error = {"code": code, "message": message, "type": "error", "param": None}
    return Reply({"error": error}, status, headers)


def generate(wire: Wire | str, folder: Path, **request: object) -> Picture | Refused | Later:
    url = wire if isinstance(wire, str) else wire.url
    return OpenAIImages(settings(openai_url=url)).generate(image_request(**request), folder, quiet)


def form(request: Received) -> list[Message]:
    """The fields of a multipart request."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    fields = BytesParser().parsebytes(head + request.body).get_payload()
    assert isinstance(fields, list)
    return [field for field in fields if isinstance(field, Message)]


def test_a_still_has_alpha_and_is_brought_to_size(wire: Wire, tmp_path: Path) -> None:
    wire.answer(drawn(encoded(png(128, "RGBA")), usage=USAGE))
    picture = generate(wire, tmp_path)
    assert isinstance(picture, Picture)
    assert picture.background is None
    assert picture.cost_usd == pytest.approx((100 * 5 + 1000 * 8 + 2000 * 30) / 1e6)
    with Image.open(picture.path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (64, 64))
        assert image.getchannel("A").getextrema() == (0, 255)
    assert wire.only.path == "/images/generations"
    assert wire.only.json == {
        "model": "gpt-image-2.5-flare",
        "prompt": "A fox, waving",
        "size": "1024x1024",
        "quality": "medium",
        "background": "transparent",
        "output_format": "png",
    }
    assert wire.only.headers["authorization"] == f"Bearer {SECRET}"


def test_without_usage_it_costs_what_a_picture_costs(wire: Wire, tmp_path: Path) -> None:
    wire.answer(drawn(encoded(png())))
    picture = generate(wire, tmp_path)
    assert isinstance(picture, Picture)
    assert picture.cost_usd == 0.05


ODD_BILLS: tuple[object, ...] = (
    None,
    {},
    {"output_tokens": 2000},
    {"output_tokens": None, "input_tokens": "many"},
    {"output_tokens": -1, "input_tokens_details": None},
    {"input_tokens_details": {"text_tokens": 1}},
    [],
    "free",
)


@pytest.mark.parametrize("usage", ODD_BILLS, ids=str)
def test_a_picture_is_not_lost_for_its_bill(wire: Wire, tmp_path: Path, usage: object) -> None:
    wire.answer(drawn(encoded(png()), usage=usage))
    picture = generate(wire, tmp_path)
    assert isinstance(picture, Picture)
    assert picture.cost_usd > 0
    assert len(wire.requests) == 1


def test_a_picture_of_another_ratio_is_kept_and_says_so(wire: Wire, tmp_path: Path) -> None:
    wire.answer(drawn(encoded(png(64, width=96))))
    picture = generate(wire, tmp_path)
    assert isinstance(picture, Picture)
    assert picture.metadata["made_square"].startswith("The model drew 96×64 instead of a square")
    with Image.open(picture.path) as image:
        assert image.size == (64, 64)


def test_pictures_go_to_the_edit_and_the_edited_one_first(wire: Wire, tmp_path: Path) -> None:
    wire.answer(drawn(encoded(png())))
    pictures = []
    for number in range(18):
        pictures.append(tmp_path / f"{number}.png")
        pictures[-1].write_bytes(png(16 + number))
    picture = generate(wire, tmp_path, edited=pictures[0], references=tuple(pictures[1:]))
    assert isinstance(picture, Picture)
    assert picture.parameters == {"quality": "medium", "references": 16, "edited": True}
    assert wire.only.path == "/images/edits"
    fields = form(wire.only)
    images = [f for f in fields if f.get_content_type() == "image/png"]
    assert [f.get_payload(decode=True) for f in images] == [p.read_bytes() for p in pictures[:16]]
    plain = {
        str(f.get_param("name", header="Content-Disposition")): f.get_payload(decode=True)
        for f in fields
        if f not in images
    }
    assert plain["background"] == b"transparent"
    assert plain["prompt"] == b"A fox, waving"


@pytest.mark.parametrize(
    "reply",
    [
        problem(400, "moderation_blocked", "Your request was rejected by the safety system."),
        problem(400, "content_policy_violation", "No."),
        problem(400, None, "Rejected by our content policy."),
    ],
)
def test_a_refusal_is_a_value_and_asked_for_once(wire: Wire, tmp_path: Path, reply: Reply) -> None:
    wire.answer(reply)
    refused = generate(wire, tmp_path)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("OpenAI does not make what was asked for: ")
    assert len(wire.requests) == 1


def test_a_rate_limit_is_a_wait(wire: Wire, tmp_path: Path) -> None:
    wire.answer(
        problem(429, "rate_limit_exceeded", "Slow down."),
        problem(429, "rate_limit_exceeded", "Slow down.", **{"Retry-After": "12"}),
    )
    assert generate(wire, tmp_path) == Later(30.0)
    assert generate(wire, tmp_path) == Later(12.0)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (problem(400, "invalid_value", "size?"), PermanentError, "provider_rejected"),
        (problem(429, "insufficient_quota", "Pay!"), PermanentError, "provider_rejected"),
        (
            problem(401, "invalid_api_key", f"Wrong key {SECRET}"),
            PermanentError,
            "provider_unauthorized",
        ),
        (problem(403, None, f"{SECRET} may not"), PermanentError, "provider_unauthorized"),
        (problem(404, None, "no such model"), PermanentError, "provider_rejected"),
        (problem(409, None, "conflict"), PermanentError, "provider_rejected"),
        (problem(500, None, "oops"), TransientError, "provider_unavailable"),
        (problem(503, None, f"overloaded {SECRET}"), TransientError, "provider_unavailable"),
        (problem(504, None, "?"), PermanentError, "provider_outcome_unknown"),
        (problem(408, None, "?"), PermanentError, "provider_outcome_unknown"),
        (Drop(), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"data": [', missing=100), PermanentError, "provider_outcome_unknown"),
        (Reply(b'{"data": ['), PermanentError, "provider_answer"),
        (Reply("text"), PermanentError, "provider_answer"),
        (Reply({"created": 1}), PermanentError, "provider_answer"),
        (drawn("!!"), PermanentError, "provider_answer"),
        (drawn(encoded(png(256)[:-200])), PermanentError, "provider_answer"),
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
    images = OpenAIImages(settings(openai_url=wire.url, provider_timeout=0.5))
    with pytest.raises(PermanentError) as raised:
        images.generate(image_request(), tmp_path, quiet)
    assert raised.value.reason == "provider_outcome_unknown"
    assert len(wire.requests) == 1


def test_what_was_never_sent_may_be_sent_again(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as raised:
        generate(closed_port(), tmp_path)
    assert raised.value.reason == "provider_unreachable"


def test_missing_credentials_are_named_at_the_start() -> None:
    with pytest.raises(PermanentError, match="MASCOTRY_OPENAI_API_KEY") as raised:
        OpenAIImages(settings(openai_api_key=""))
    assert raised.value.reason == "provider_unconfigured"
