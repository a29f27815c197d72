"""What a client may ask for."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.model.request import GenerateRequest
from tests.graph.jobs import FILM, IMAGE, TRANSITION


def request(**fields: Any) -> GenerateRequest:
    return GenerateRequest.model_validate({"name": "Wave", **fields})


def test_a_film_is_a_loop_of_four_seconds() -> None:
    film = request(**FILM)
    assert (film.duration, film.loop, film.loops, film.sizes) == (4, True, True, None)


def test_a_transition_cannot_loop() -> None:
    assert request(**TRANSITION, loop=True).loops is False


@pytest.mark.parametrize("size", [256, "256", "256x256", " 256 "])
def test_sizes_are_widths(size: object) -> None:
    assert request(**FILM, sizes=[size]).sizes == (256,)


@pytest.mark.parametrize("size", ["256x128", "x", "", "256x", "-256", 15, 2049, None, 16.5])
def test_what_is_no_size(size: object) -> None:
    with pytest.raises(ValidationError):
        request(**FILM, sizes=[size])


def test_words_lose_the_space_around_them() -> None:
    made = request(**{**IMAGE, "name": " Big  Wave ", "image_prompt": "\nwaving "})
    assert (made.name, made.image_prompt) == ("Big  Wave", "waving")
