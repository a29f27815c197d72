"""The environment is read as it is meant, and secrets can't be shown by accident."""

import os
import re

import pytest
from pydantic import SecretStr

from shared.config import Settings, SettingsError, read

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
    ("name", "given", "rule"),
    [
        ("backend", "aws", "must be one of 'embedded' or 'google'"),
        ("rate_limit_per_minute", "-1", "must be at least 0"),
        ("rate_limit_per_hour", "often", "must be a whole number"),
        ("provider_timeout", "0", "must be more than 0"),
        ("provider_timeout", "inf", "must be a number"),
        ("metered", "perhaps", "must be true or false"),
        ("fal_video_durations", "5", "must be a list as in JSON"),
        ("provider_prices", "veo: 1", "must be a table as in JSON"),
        ("provider_prices", '{"veo": {"second": "x"}}', "(at veo.second) must be a number"),
        (
            "log_level",
            "LOUD",
            "must be one of 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'",
        ),
        ("cdn_url", "nonsense", "must be an address such as https://cdn.example.com"),
        ("cdn_url", "cdn.example.com", "must be an address such as https://cdn.example.com"),
        ("cdn_url", "ftp://example.com", "must be an address such as https://cdn.example.com"),
        ("cdn_url", "https://", "must be an address such as https://cdn.example.com"),
        ("base_url", "http://[::1", "must be an address such as https://cdn.example.com"),
        ("otlp_endpoint", "http://a b", "must be an address such as https://cdn.example.com"),
        ("openai_url", "http://x:port", "must be an address such as https://cdn.example.com"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(name: str, given: str, rule: str) -> None:
    variable = f"MASCOTRY_{name.upper()}"
    with pytest.raises(SettingsError) as refused:
        read({variable: given})
    assert str(refused.value) == f"{variable} {rule}."


def test_each_setting_that_cannot_be_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^MASCOTRY_BACKEND .*\. MASCOTRY_METERED .*\.$"):
        read({"MASCOTRY_BACKEND": "aws", "MASCOTRY_METERED": "perhaps"})


@pytest.mark.parametrize(
    "name", ["home", "cdn_url", "provider_timeout", "metered", "fal_arguments"]
)
def test_an_empty_variable_is_one_that_is_not_set(name: str) -> None:
    chosen = read({f"MASCOTRY_{name.upper()}": ""})
    assert getattr(chosen, name) == getattr(Settings(), name)


def test_a_text_can_be_empty() -> None:
    assert read({"MASCOTRY_FAL_END_FIELD": ""}).fal_end_field == ""


def test_a_level_of_the_log_may_be_in_small_letters() -> None:
    assert read({"MASCOTRY_LOG_LEVEL": "debug"}).log_level == "DEBUG"
