"""Settings that are secrets can't be shown by accident."""

import re

import pytest
from pydantic import SecretStr

from shared.config import Settings

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
    settings = Settings()
    for name in secrets:
        assert getattr(settings, name).get_secret_value() == VALUE
    shown = (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump()))
    assert not any(VALUE in text for text in shown)
