"""Pictures in sRGB, whatever colours their files say that they are in.

A file describes its colours by an ICC profile, and a PNG also by the chunks cICP, sRGB, gAMA and
cHRM, of which the first that is there counts: cICP, iCCP, sRGB, gAMA with cHRM
(https://www.w3.org/TR/png-3/#color-chunk-precendence). A file without any is in sRGB. What such a
description says is applied by littleCMS, with the relative colorimetric intent and black point
compensation.
"""

import io
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngImageFile

from shared.media import png
from shared.media.profile import BT709, Chromaticities, matrix_profile

Convert = Callable[[Image.Image], Image.Image]
"""Takes a picture in RGB or RGBA, or in CMYK if the profile is for that, and gives it in sRGB. It
may change the picture that it is given. Alpha stays."""

PRIMARIES: Final[dict[int, Chromaticities]] = {
    1: BT709,
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),  # Display P3
}
TRANSFERS: Final[dict[int, float | None]] = {
    **dict.fromkeys((1, 6, 13, 14, 15)),  # Television's are shown as sRGB is.
    4: 2.2,
    5: 2.8,
    8: 1.0,
}
"""The code points of ITU-T H.273 that cICP may hold. A transfer is a power, or None for sRGB's."""
USUAL_GAMMA: Final = 0.45455
"""What gAMA says of a picture in sRGB, whose curve is no power."""
SAME: Final = 1
"""Levels by which a conversion may change colours without being needed."""
LATTICE: Final = 16
"""Steps of each channel where the change is measured."""
_SPACES: Final[dict[str, Literal["RGB", "L", "CMYK"]]] = {
    "RGB ": "RGB",
    "GRAY": "L",
    "CMYK": "CMYK",
}
_GREY_MODES: Final = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"})


def conversion(image: Image.Image) -> Convert | None:
    """How to bring a picture that was just opened to sRGB; None if that would change nothing.

    Nor does a description that is broken, or is for pictures of another kind: browsers pass over
    those too.
    """
    try:
        described = _described(image)
        if described is None:
            return None
        profile = ImageCms.ImageCmsProfile(io.BytesIO(described))
        space = _SPACES.get(profile.profile.xcolor_space)
        if space == "RGB" and image.mode != "CMYK":
            return _by_colour(profile)
        if space == "L" and image.mode in _GREY_MODES:
            return _by_grey(profile)
        if space == image.mode == "CMYK":
            transform = _transform(profile, "CMYK", "RGB")
            return lambda picture: transform.apply(picture)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, ArithmeticError):
        pass
    return None


def _by_colour(profile: ImageCms.ImageCmsProfile) -> Convert | None:
    levels = np.linspace(0, 255, LATTICE).round().astype(np.uint8)
    lattice = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(LATTICE, -1, 3)
    if not _changes(lattice, _transform(profile, "RGB", "RGB").apply(Image.fromarray(lattice))):
        return None
    transforms = {mode: _transform(profile, mode, mode) for mode in ("RGB", "RGBA")}

    def convert(picture: Image.Image) -> Image.Image:
        picture.load()
        transforms[picture.mode].apply_in_place(picture)
        return picture

    return convert


def _by_grey(profile: ImageCms.ImageCmsProfile) -> Convert | None:
    """By a table, since a grey picture has become RGB by then."""
    ramp = np.arange(256, dtype=np.uint8)[None]
    shown = np.asarray(_transform(profile, "L", "RGB").apply(Image.fromarray(ramp)))
    if not _changes(np.dstack([ramp] * 3), shown):
        return None
    colours = shown[0].T.ravel().tolist()

    def convert(picture: Image.Image) -> Image.Image:
        return picture.point(colours + list(range(256)) * (picture.mode == "RGBA"))

    return convert


def _changes(before: NDArray[np.uint8], after: Image.Image | NDArray[np.uint8]) -> bool:
    return bool(np.abs(before.astype(int) - np.asarray(after)).max() > SAME)


def _transform(
    profile: ImageCms.ImageCmsProfile, before: str, after: str
) -> ImageCms.ImageCmsTransform:
    return ImageCms.ImageCmsTransform(
        profile,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        before,
        after,
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _described(image: Image.Image) -> bytes | None:
    """The ICC profile that a file has, or one that says what its chunks do."""
    info = image.info
    if isinstance(image, PngImageFile) and (points := _code_points(image)) is not None:
        primaries, transfer, matrix, full_range = points
        known = primaries in PRIMARIES and transfer in TRANSFERS and (matrix, full_range) == (0, 1)
        return matrix_profile(PRIMARIES[primaries], TRANSFERS[transfer]) if known else None
    if profile := info.get("icc_profile"):
        return bytes(profile)
    if "srgb" in info or not ("gamma" in info or "chromaticity" in info):
        return None
    gamma = info.get("gamma", USUAL_GAMMA)
    # The chunk has the white point first.
    white, *colours = np.reshape(
        info.get("chromaticity") or (*BT709[3], *sum(BT709[:3], ())), (4, 2)
    )
    red, green, blue = colours
    power = None if abs(gamma - USUAL_GAMMA) < 0.001 else 1 / gamma
    return matrix_profile((tuple(red), tuple(green), tuple(blue), tuple(white)), power)


def _code_points(image: PngImageFile) -> tuple[int, ...] | None:
    """The four bytes of the chunk cICP, which Pillow passes over."""
    stream = image.fp
    if stream is None:
        return None
    back = stream.tell()
    try:
        for chunk in png.chunks(stream):
            if chunk.kind in (b"IDAT", b"IEND"):
                break
            if chunk.kind == b"cICP" and chunk.end - chunk.start == 12 + 4:
                stream.seek(chunk.start + 8)
                return tuple(stream.read(4))
    finally:
        stream.seek(back)
    return None
