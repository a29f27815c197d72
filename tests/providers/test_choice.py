"""Choosing a provider: by name, from the environment, without loading what is not chosen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions import composition
from shared.errors import PermanentError
from shared.providers.base import ImageProvider, VideoProvider, VisionProvider
from shared.providers.fal.video import FalFilms
from shared.providers.google.image import GoogleImages
from shared.providers.google.video import GoogleFilms
from shared.providers.google.vision import GoogleVision
from shared.providers.offline.vision import OfflineVision
from shared.providers.openai.image import OpenAIImages
from shared.providers.openai.vision import OpenAIVision
from tests.providers.wire.material import settings

ROOT = Path(__file__).parents[2]
SDKS = ("google.genai", "openai", "fal_client")


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MASCOTRY_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_no_sdk_is_loaded_before_it_is_asked() -> None:
    code = (
        "import sys\n"
        "from functions import composition\n"
        "for table, name in ((composition.image_provider, 'google'),"
        " (composition.video_provider, 'google'), (composition.vision_provider, 'google'),"
        " (composition.image_provider, 'openai'), (composition.vision_provider, 'openai'),"
        " (composition.video_provider, 'fal')):\n"
        "    print(table(name).name)\n"
        f"print([sdk for sdk in {SDKS} if sdk in sys.modules])\n"
    )
    keys = {f"MASCOTRY_{name}": "k" for name in ("GOOGLE_API_KEY", "OPENAI_API_KEY", "FAL_KEY")}
    done = python("-c", code, **keys)
    assert done.stdout.split("\n")[:-1] == [
        *("google", "google", "google", "openai", "openai", "fal"),
        "[]",
    ], done.stderr


def test_missing_credentials_stop_the_choice() -> None:
    done = python("-c", "from functions import composition; composition.image_provider('openai')")
    assert "The openai provider needs a key: set MASCOTRY_OPENAI_API_KEY." in done.stderr


def test_an_unknown_name_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(PermanentError, match="there is: offline, google, openai"):
        composition.vision_provider("oracle")


def test_none_may_be_asked_twice_for_money() -> None:
    chosen = settings()
    images: list[ImageProvider] = [GoogleImages(chosen), OpenAIImages(chosen)]
    films: list[VideoProvider] = [GoogleFilms(chosen), FalFilms(chosen)]
    looks: list[VisionProvider] = [
        OfflineVision(chosen),
        GoogleVision(chosen),
        OpenAIVision(chosen),
    ]
    assert not any(provider.repeatable for provider in images)
    assert not any(provider.repeatable for provider in films)
    assert [provider.name for provider in looks] == ["offline", "google", "openai"]
