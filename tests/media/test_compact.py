"""Small files of stills lose nothing that counts."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.errors import PermanentError
from shared.media import compact
from shared.media.compact import write_png, write_webp
from shared.media.style import figure, palette
from shared.media.style.colour import delta_e
from shared.providers.base import Scene
from shared.providers.offline.artist import true_alpha

Pixels = NDArray[np.uint8]

MOST_DRIFT = 1.5
"""ΔE2000, weighted by share: hardly to be seen. The smallest sizes drift most."""


@pytest.fixture(scope="module")
def flat() -> Image.Image:
    """A drawing with flat colours."""
    return Image.fromarray(true_alpha(Scene("an orange fox with a blue scarf", "waving"), 7, 512))


@pytest.fixture(scope="module")
def grainy(flat: Image.Image) -> Image.Image:
    """The drawing as if it had been painted: light that falls off, and a paper's grain."""
    pixels = np.asarray(flat).astype(np.int16)
    grain = np.random.default_rng(1).integers(-3, 4, (512, 512, 1))
    light = np.linspace(-30, 30, 512).astype(np.int16)[:, None, None]
    seen = pixels[..., 3:] > 0
    pixels[..., :3] = np.where(seen, np.clip(pixels[..., :3] + light + grain, 0, 255), 0)
    return Image.fromarray(pixels.astype(np.uint8))


def opened(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def drift(before: Pixels, after: Pixels) -> float:
    """How far a palette has moved: the distance of what each colour has become, by its share."""
    one, two = figure.load(before), figure.load(after)
    colours = palette.find(one)
    worn = [colours.labels == index for index in range(len(colours.shares))]
    apart = [delta_e(one.lab[where].mean(axis=0), two.lab[where].mean(axis=0)) for where in worn]
    return float(np.average(apart, weights=colours.shares))


@pytest.mark.parametrize("kind", ["flat", "grainy"])
def test_a_png_is_the_same_picture_in_fewer_bytes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    image = request.getfixturevalue(kind)
    plain, small = tmp_path / "plain.png", tmp_path / "small.png"
    image.save(plain, optimize=True)
    write_png(image, small)
    assert np.array_equal(opened(small), np.asarray(image))
    assert small.stat().st_size <= plain.stat().st_size * (0.8 if kind == "flat" else 1)


def test_a_picture_without_alpha_stays_without(tmp_path: Path, flat: Image.Image) -> None:
    opaque = flat.convert("RGB")
    write_png(opaque, tmp_path / "opaque.png")
    with Image.open(tmp_path / "opaque.png") as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), np.asarray(opaque))


@pytest.mark.parametrize("kind", ["flat", "grainy"])
@pytest.mark.parametrize("side", [512, 128])
def test_a_webp_has_the_alpha_and_the_palette_of_the_png(
    kind: str, side: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    image = request.getfixturevalue(kind).resize((side, side), Image.Resampling.LANCZOS)
    write_png(image, tmp_path / "still.png")
    write_webp(image, tmp_path / "still.webp")
    seen = opened(tmp_path / "still.webp")
    assert np.array_equal(seen[..., 3], np.asarray(image)[..., 3])
    assert drift(np.asarray(image), seen) < MOST_DRIFT
    assert (tmp_path / "still.webp").stat().st_size < 0.7 * (tmp_path / "still.png").stat().st_size


def test_a_webp_with_another_alpha_is_not_delivered(
    tmp_path: Path, flat: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = compact._saved
    thin = Image.fromarray(np.asarray(flat) // 2)
    monkeypatch.setattr(compact, "_saved", lambda _, kind, **how: encode(thin, kind, **how))
    with pytest.raises(PermanentError, match="alpha"):
        write_webp(flat, tmp_path / "still.webp")
    assert not (tmp_path / "still.webp").exists()
