"""Looking by Google: the real SDK against a server that speaks its wire format."""

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from shared.errors import PermanentError, StepError, TransientError
from shared.providers.base import Description, Later, Refused, Sighting
from shared.providers.google.vision import GoogleVision
from tests.providers.looking import DESCRIPTION, FEATURES, SIGHTING
from tests.providers.wire.material import SECRET, png, settings
from tests.providers.wire.server import Drop, Hang, Reply, Wire

USAGE = {"promptTokenCount": 2000, "candidatesTokenCount": 100, "thoughtsTokenCount": 300}
COST = (2000 * 0.75 + 400 * 3.75) / 1e6


def answer(value: object, reason: str = "STOP") -> Reply:
    text = value if isinstance(value, str) else json.dumps(value)
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}]}, "finishReason": reason}
    return Reply({"candidates": [candidate], "usageMetadata": USAGE})


def vision(wire: Wire, **chosen: object) -> GoogleVision:
    return GoogleVision(settings(google_url=wire.url, **chosen))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(png())
    return path


def test_pictures_are_described(wire: Wire, picture: Path) -> None:
    wire.answer(answer(DESCRIPTION))
    seen = vision(wire).describe([picture, picture])
    assert isinstance(seen, Description)
    assert seen.name == "Orange fox"
    assert seen.features == FEATURES
    assert seen.cost_usd == pytest.approx(COST)
    assert wire.only.path.endswith("/models/gemini-3.8-flash:generateContent")
    words, *pictures = wire.only.json["contents"][0]["parts"]
    assert "mascot" in words["text"]
    assert [base64.urlsafe_b64decode(p["inlineData"]["data"]) for p in pictures] == [png()] * 2
    config = wire.only.json["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert set(config["responseSchema"]["properties"]) == set(DESCRIPTION)


def test_missing_features_are_named_as_they_were_given(wire: Wire, picture: Path) -> None:
    wire.answer(answer(SIGHTING))
    seen = vision(wire).find(picture, FEATURES)
    assert isinstance(seen, Sighting)
    assert (seen.missing, seen.added) == (("white-tipped tail",), ("red hat",))
    assert seen.cost_usd == pytest.approx(COST)
    assert "2. white-tipped tail" in wire.only.json["contents"][0]["parts"][0]["text"]


def test_no_more_actions_are_suggested_than_were_asked_for(wire: Wire) -> None:
    wire.answer(answer({"actions": ["waving", "jumping", "reading"]}))
    assert vision(wire).suggest("A fox", 2) == ("waving", "jumping")
    assert "A fox" in wire.only.json["contents"][0]["parts"][0]["text"]


@pytest.mark.parametrize("count", [0, 7])
def test_one_to_six_pictures_are_looked_at(wire: Wire, picture: Path, count: int) -> None:
    with pytest.raises(ValueError, match="pictures to look at"):
        vision(wire).describe([picture] * count)
    assert wire.requests == []


@pytest.mark.parametrize(
    "reply", [Reply({"promptFeedback": {"blockReason": "SAFETY"}}), answer("", "SAFETY")]
)
def test_a_refusal_is_a_value(wire: Wire, picture: Path, reply: Reply) -> None:
    wire.answer(reply)
    assert isinstance(vision(wire).describe([picture]), Refused)


def test_a_rate_limit_is_a_wait(wire: Wire, picture: Path) -> None:
    wire.answer(Reply({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, 429))
    assert vision(wire).describe([picture]) == Later(30.0)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (answer("I see a fox."), PermanentError, "provider_answer"),
        (answer({"missing": "none", "added": []}), PermanentError, "provider_answer"),
        (answer({"missing": [3], "added": []}), PermanentError, "provider_answer"),
        (answer('{"missing": [', "MAX_TOKENS"), PermanentError, "provider_answer"),
        (Reply({"error": {"message": SECRET}}, 401), PermanentError, "provider_unauthorized"),
        (Reply({"error": {"message": "oops"}}, 500), TransientError, "provider_unavailable"),
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
