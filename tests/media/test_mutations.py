"""Whatever a file is made of, it is taken or refused: no fault of a decoder gets out."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from shared.errors import BadRequest, PermanentError
from shared.media.probe import probe_film
from shared.services import decoding
from tests.media import mutations

LONG = "MASCOTRY_LONG" in os.environ
PICTURES, FILMS = (40_000, 900) if LONG else (600, 6)
SEED = int(os.environ.get("MASCOTRY_SEED", "14"))
"""For another run than always the same: MASCOTRY_SEED=15 make test-long."""


@pytest.mark.timeout(900)
def test_every_picture_is_taken_or_refused(tmp_path: Path) -> None:
    def attempt(content: bytes) -> None:
        assert isinstance(decoding.moves(content), bool)
        with suppress(BadRequest):
            decoding.clean_picture(content, tmp_path / "clean.png")

    assert mutations.tried(mutations.pictures(), PICTURES, attempt, SEED) == []


@pytest.mark.timeout(900)
def test_every_film_is_taken_or_refused(tmp_path: Path) -> None:
    source, reasons = tmp_path / "film", set()

    def attempt(content: bytes) -> None:
        source.write_bytes(content)
        with suppress(PermanentError):
            probe_film(source)
        try:
            decoding.import_film(source, tmp_path / "master.mp4")
        except PermanentError as error:
            reasons.add(error.reason)

    seeds = mutations.films()
    assert mutations.tried(seeds, FILMS, attempt, SEED) == []
    assert reasons <= {"film_unsupported", "film_too_large"}
