"""Looking by OpenAI: the real SDK against a server that speaks its wire format."""

import json
import logging
from pathlib import Path

import pytest

from shared.errors import PermanentError, StepError, TransientError
from shared.providers.base import Description, Later, Refused, Sighting
from shared.providers.openai.vision import OpenAIVision
from tests.providers.looking import DESCRIPTION, FEATURES, SIGHTING
from tests.providers.wire.material import SECRET, encoded, png, settings
from tests.providers.wire.server import Drop, Hang, Reply, Wire

USAGE = {"prompt_tokens": 2000, "completion_tokens": 400, "total_tokens": 2400}
COST = (2000 * 0.20 + 400 * 1.20) / 1e6


def answer(value: object, reason: str = "stop", refusal: str | None = None) -> Reply:
    text = value if value is None or isinstance(value, str) else json.dumps(value)
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "finish_reason": reason, "message": message}
    return Reply(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-5.6-luna",
            "choices": [choice],
            "usage": USAGE,
        }
    )


def vision(wire: Wire, **chosen: object) -> OpenAIVision:
    return OpenAIVision(settings(openai_url=wire.url, **chosen))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(png())
    return path


def test_pictures_are_described(wire: Wire, picture: Path) -> None:
    wire.answer(answer(DESCRIPTION))
    seen = vision(wire).describe([picture, picture])
    assert isinstance(seen, Description)
    assert (seen.character, seen.features) == (DESCRIPTION["character"], FEATURES)
    assert seen.cost_usd == pytest.approx(COST)
    assert wire.only.path == "/chat/completions"
    asked = wire.only.json
    assert asked["model"] == "gpt-5.6-luna"
    words, *pictures = asked["messages"][0]["content"]
    assert "mascot" in words["text"]
    url = f"data:image/png;base64,{encoded(png())}"
    assert [p["image_url"]["url"] for p in pictures] == [url, url]
    schema = asked["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert set(schema["schema"]["properties"]) == set(DESCRIPTION)


def test_missing_features_are_named_as_they_were_given(wire: Wire, picture: Path) -> None:
    wire.answer(answer(SIGHTING))
    seen = vision(wire).find(picture, FEATURES)
    assert isinstance(seen, Sighting)
    assert (seen.missing, seen.added) == (("white-tipped tail",), ("red hat",))


def test_actions_are_suggested(wire: Wire) -> None:
    wire.answer(answer({"actions": ["waving", "jumping"]}))
    assert vision(wire).suggest("A fox", 3) == ("waving", "jumping")


@pytest.mark.parametrize(
    "reply",
    [
        answer(None, refusal="I can't look at that."),
        answer(None, "content_filter"),
        Reply({"error": {"code": "content_policy_violation", "message": "No."}}, 400),
    ],
)
def test_a_refusal_is_a_value(wire: Wire, picture: Path, reply: Reply) -> None:
    wire.answer(reply)
    assert isinstance(vision(wire).describe([picture]), Refused)
    assert len(wire.requests) == 1


def test_a_rate_limit_is_a_wait(wire: Wire, picture: Path) -> None:
    wire.answer(Reply({"error": {"code": "rate_limit_exceeded"}}, 429, {"Retry-After": "4"}))
    assert vision(wire).describe([picture]) == Later(4.0)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (answer("I see a fox."), PermanentError, "provider_answer"),
        (answer({"missing": [0], "added": []}), PermanentError, "provider_answer"),
        (answer('{"missing": [', "length"), PermanentError, "provider_answer"),
        (answer(None), PermanentError, "provider_answer"),
        (Reply({"id": "c1", "choices": []}), PermanentError, "provider_answer"),
        (Reply(b"{"), PermanentError, "provider_answer"),
        (Reply({"error": {"message": SECRET}}, 401), PermanentError, "provider_unauthorized"),
        (Reply({"error": {"message": "late"}}, 504), TransientError, "provider_unavailable"),
        (Drop(), TransientError, "provider_connection_lost"),
    ],
)
def test_a_fault_has_its_name(
    wire: Wire,
    picture: Path,
    caplog: pytest.LogCaptureFixture,
    reply: Reply | Drop,
    kind: type[StepError],
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.answer(reply)
    with pytest.raises(kind) as raised:
        vision(wire).find(picture, FEATURES)
    assert raised.value.reason == reason
    assert len(wire.requests) == 1
    assert SECRET not in str(raised.value) + caplog.text


def test_a_look_that_was_lost_may_be_repeated(wire: Wire, picture: Path) -> None:
    wire.answer(Hang())
    with pytest.raises(TransientError) as raised:
        vision(wire, provider_timeout=0.4).describe([picture])
    assert raised.value.reason == "provider_connection_lost"
    assert len(wire.requests) == 1
