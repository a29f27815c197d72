"""The environment is read as it is meant, and secrets can't be shown by accident."""

import os
import re

import pytest
from pydantic import SecretStr, ValidationError

from shared.config import Settings, read

SOUNDS_SECRET = re.compile(r"(^|_)(key|token|secret|password|credentials?)s?$")
VALUE = "value-that-nobody-may-see"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The settings that are secrets; all of them are set."""
    names = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
    for name in names:
        monkeypatch.setenv(f"MASCOTRY_{name.upper()}", VALUE)
    return names


def test_what_sounds_like_a_secret_is_one(secrets: list[str]) -> None:
    assert {name for name in Settings.model_fields if SOUNDS_SECRET.search(name)} == set(secrets)
    assert "openai_api_key" in secrets


def test_no_secret_is_shown(secrets: list[str]) -> None:
    settings = read(os.environ)
    for name in secrets:
        assert getattr(settings, name).get_secret_value() == VALUE
    shown = (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump()))
    assert not any(VALUE in text for text in shown)


def test_the_environment_is_read_as_it_is_meant() -> None:
    environment = {
        "MASCOTRY_BACKEND": "google",
        "MASCOTRY_METERED": "true",
        "MASCOTRY_FAL_VIDEO_DURATIONS": "[5]",
        "MASCOTRY_PROVIDER_PRICES": '{"veo": {"second": 0.1}}',
        "MASCOTRY_OPENAI_URL": "http://127.0.0.1:9",
        "HOME": "/",
    }
    chosen = read(environment)
    assert (chosen.backend, chosen.metered, chosen.fal_video_durations) == ("google", True, (5,))
    assert chosen.provider_prices == {"veo": {"second": 0.1}}
    assert chosen.openai_url == "http://127.0.0.1:9"
    assert chosen.home == Settings().home


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("backend", "aws"),
        ("rate_limit_per_minute", "-1"),
        ("fal_video_durations", "5"),
        ("provider_prices", "veo: 1"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, given: str) -> None:
    with pytest.raises(ValidationError, match=name):
        read({f"MASCOTRY_{name.upper()}": given})
