"""What a client may ask for."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.model.request import GenerateRequest
from tests.graph.jobs import EDIT, FILM, IMAGE, LOGO, TRANSITION


def request(**fields: Any) -> GenerateRequest:
    return GenerateRequest.model_validate({"name": "Wave", **fields})


def test_a_film_is_a_loop_of_four_seconds() -> None:
    film = request(**FILM)
    assert (film.duration, film.loop, film.loops, film.sizes) == (4, True, True, None)


def test_a_transition_cannot_loop() -> None:
    assert request(**TRANSITION, loop=True).loops is False


def test_only_a_transition_has_a_way_back() -> None:
    assert request(**TRANSITION, auto_reverse=True).auto_reverse
    with pytest.raises(ValidationError, match="auto_reverse: give end_image_asset_id too"):
        request(**FILM, auto_reverse=True)


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


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "image"}, "image_prompt"),
        ({**IMAGE, "animation_prompt": "waves"}, "animation_prompt"),
        ({**IMAGE, "edit_instructions": "red"}, "edit_instructions"),
        ({**IMAGE, "video_provider": "fal"}, "video_provider"),
        ({**LOGO, "animation_prompt": "waves"}, "animation_prompt"),
        ({**EDIT, "image_prompt": "waving"}, "image_prompt"),
        ({**EDIT, "edit_instructions": None}, "edit_instructions"),
        ({**EDIT, "source_image_asset_id": None}, "source_image_asset_id"),
        ({**FILM, "edit_instructions": "red"}, "edit_instructions"),
        ({**FILM, "animation_prompt": None}, "animation_prompt"),
        ({**FILM, "image_prompt": None}, "image_prompt"),
        ({**TRANSITION, "image_prompt": "waving"}, "image_prompt"),
        ({**IMAGE, "name": None}, "name"),
    ],
)
def test_each_type_has_fields_of_its_own(body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        request(**body)
    assert caught.value.errors()[0]["msg"].startswith(f"Value error, {field}: ")


def test_an_edit_needs_no_name() -> None:
    assert GenerateRequest.model_validate(EDIT).item_id is None


@pytest.mark.parametrize("provider", [{"image_provider": "fal"}, {"video_provider": "openai"}])
def test_a_provider_must_be_able_to_do_it(provider: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        request(**FILM, **provider)
