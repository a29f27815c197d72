"""Pictures in other colours than sRGB: what becomes of them is what a browser would show."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

from shared.media.profile import BT709, Chromaticities, matrix_profile
from shared.media.stills import MAX_SIDE, open_image
from shared.media.style.colour import delta_e, to_lab

PROFILES = Path(__file__).parent / "profiles"
ORANGE = (240, 120, 20)
COLOURS = np.array(
    [ORANGE, (20, 120, 240), (40, 160, 70), (200, 30, 90), (250, 240, 60), (128, 128, 128)],
    np.uint8,
)
P3: Chromaticities = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290))
TO_XYZ = {
    # IEC 61966-2-1, and SMPTE EG 432-1 with the white of D65: RGB to XYZ.
    "srgb": [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]],
    "p3": [[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929], [0, 0.04511, 1.04394]],
}


def linear(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The light of sRGB's levels."""
    share = colours / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def levels(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The levels of sRGB's curve."""
    light = np.clip(light, 0, 1)
    share = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    whole: NDArray[np.uint8] = np.rint(share * 255).astype(np.uint8)
    return whole


def in_p3(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The levels of Display P3 that show the same colours as these of sRGB."""
    light = linear(colours) @ np.array(TO_XYZ["srgb"]).T @ np.linalg.inv(TO_XYZ["p3"]).T
    return levels(light)


def strip(colours: NDArray[np.uint8], side: int = 8) -> Image.Image:
    """A square of each colour, side by side."""
    return Image.fromarray(np.repeat(np.repeat(colours[None], side, 0), side, 1))


def squares(image: Image.Image) -> NDArray[np.uint8]:
    """The colours in the middle of each square of a `strip`."""
    pixels = np.asarray(image)
    side = pixels.shape[0]
    return pixels[side // 2, side // 2 :: side]


def png(image: Image.Image, *chunks: tuple[bytes, bytes], profile: bytes | None = None) -> bytes:
    """A PNG with chunks of its own in front of the pixels."""
    added = PngImagePlugin.PngInfo()
    for kind, content in chunks:
        added.add(kind, content)
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=added, icc_profile=profile)
    return stream.getvalue()


def apart(found: NDArray[np.uint8], true: NDArray[np.uint8]) -> float:
    """The largest CIEDE2000 between two lists of colours."""
    return float(delta_e(to_lab(found[..., :3]), to_lab(true)).max())


@pytest.mark.parametrize("name", ["adobe-rgb", "display-p3", "prophoto"])
def test_an_icc_profile_is_applied(name: str) -> None:
    image = open_image(PROFILES / f"{name}.png")
    assert apart(np.asarray(image)[128, 128], np.array(ORANGE, np.uint8)) <= 2
    assert image.info == {}
    assert image.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_each_format_brings_its_profile(kind: str) -> None:
    stream = io.BytesIO()
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 100, "subsampling": 0},
        "WEBP": {"lossless": True},
    }
    profile = matrix_profile(P3, None)
    strip(in_p3(COLOURS)).save(stream, kind, icc_profile=profile, **options.get(kind, {}))
    assert apart(squares(open_image(stream.getvalue())), COLOURS) <= 2


@pytest.mark.parametrize("mode", ["RGBA", "P", "PA"])
def test_alpha_stays_and_its_colours_are_converted(mode: str) -> None:
    image = strip(in_p3(COLOURS)).convert("RGBA")
    alpha = np.repeat(np.array([255, 200, 128, 60, 1, 0], np.uint8), 8)
    image.putalpha(Image.fromarray(np.tile(alpha, (8, 1))))
    if mode != "RGBA":
        image = image.quantize(colors=6, method=Image.Quantize.FASTOCTREE)
    found = squares(open_image(png(image, profile=matrix_profile(P3, None))))
    assert found.shape[-1] == 4
    shown = found[:, 3] > 100
    assert np.abs(found[:, 3].astype(int) - alpha[4::8]).max() <= (0 if mode == "RGBA" else 2)
    assert apart(found[shown], COLOURS[shown]) <= 2


@pytest.mark.parametrize("side", [2 * MAX_SIDE, MAX_SIDE + 10])
def test_a_large_picture_is_converted_in_bands(side: int) -> None:
    image = Image.new("RGB", (side, 64), tuple(in_p3(COLOURS[:1])[0].tolist()))
    found = np.asarray(open_image(png(image, profile=matrix_profile(P3, None))))
    assert found.shape[1] == MAX_SIDE
    assert apart(found.reshape(-1, 3)[::997], COLOURS[:1]) <= 2


def test_a_profile_of_srgb_changes_no_pixel() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (own, matrix_profile(BT709, None)):
        assert np.array_equal(
            np.asarray(open_image(png(Image.fromarray(noise), profile=profile))), noise
        )


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_grey_has_a_curve_of_its_own(mode: str) -> None:
    """By a profile with the light of 1.8, as old Macs had it: (96/255)^1.8 is sRGB's 115."""
    if mode == "I;16":
        image = Image.fromarray(np.full((8, 8), 96 * 257, np.uint16))
    else:
        image = Image.new("L", (8, 8), 96).convert(mode)
    found = np.asarray(open_image(png(image, profile=grey_profile(1.8))))[4, 4]
    if mode == "1":
        assert found.tolist() in ([0] * 3, [255] * 3)
    else:
        expected = levels(np.full((1, 3), (96 / 255) ** 1.8))[0]
        assert apart(found, expected) <= 2
        assert found[3:].tolist() == ([255] if mode == "LA" else [])


def test_inks_are_mixed_as_their_profile_says() -> None:
    """At the corners of the profile's table, whose colours are known."""
    inks = np.array(list(INKS), np.uint8)
    shown = np.array(list(INKS.values()), np.uint8)
    stream = io.BytesIO()
    Image.frombytes(
        "CMYK", (len(inks) * 16, 16), np.tile(np.repeat(inks, 16, 0), (16, 1)).tobytes()
    ).save(stream, "JPEG", icc_profile=ink_profile(), quality=100, subsampling=0)
    image = open_image(stream.getvalue())
    assert image.mode == "RGB"
    assert apart(squares(image), shown) <= 2


@pytest.mark.parametrize(
    "broken",
    [
        lambda profile: profile[:100],
        lambda profile: profile[:200],
        lambda profile: bytes(len(profile)),
        lambda profile: b"not a profile",
        lambda profile: profile[:128] + struct.pack(">I", 0xFFFFFFFF) + profile[132:],
        lambda profile: profile.replace(b"para", b"nope"),
    ],
    ids=["header", "half", "zeros", "text", "tags", "curve"],
)
def test_a_broken_profile_is_passed_over(broken: Callable[[bytes], bytes]) -> None:
    found = open_image(png(strip(COLOURS), profile=broken(matrix_profile(P3, None))))
    assert np.array_equal(squares(found), COLOURS)


def test_a_profile_for_pictures_of_another_kind_is_passed_over() -> None:
    for profile in (grey_profile(1.8), ink_profile()):
        assert np.array_equal(squares(open_image(png(strip(COLOURS), profile=profile))), COLOURS)


CHRM_P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
CHRM_SRGB = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
GAMA = (b"gAMA", struct.pack(">I", 45455))
CICP_P3, CICP_SRGB = (b"cICP", bytes((12, 13, 0, 1))), (b"cICP", bytes((1, 13, 0, 1)))


@pytest.mark.parametrize(
    ("chunks", "applied"),
    [
        ((CICP_P3,), True),
        ((GAMA, (b"cHRM", CHRM_P3)), True),
        (((b"cHRM", CHRM_P3),), True),
        (((b"sRGB", b"\0"), GAMA, (b"cHRM", CHRM_P3)), False),
        ((CICP_SRGB, GAMA, (b"cHRM", CHRM_P3)), False),
        ((GAMA, (b"cHRM", CHRM_SRGB)), False),
        ((GAMA,), False),
        (((b"cICP", bytes((12, 13, 1, 1))),), False),
        (((b"cICP", bytes((12, 13, 0, 0))),), False),
        (((b"cICP", bytes((99, 13, 0, 1))),), False),
        (((b"cHRM", bytes(32)),), False),
        (((b"gAMA", bytes(4)),), False),
    ],
)
def test_chunks_of_a_png_tell_its_colours(
    chunks: tuple[tuple[bytes, bytes], ...], applied: bool
) -> None:
    sent = in_p3(COLOURS) if applied else COLOURS
    found = squares(open_image(png(strip(sent), *chunks)))
    assert apart(found, COLOURS) <= 2
    if not applied:
        assert np.array_equal(found, COLOURS)


def test_a_picture_in_linear_light_says_so_by_its_gamma() -> None:
    sent = np.rint(linear(COLOURS) * 255).astype(np.uint8)
    found = squares(open_image(png(strip(sent), (b"gAMA", struct.pack(">I", 100000)))))
    assert apart(found, COLOURS) <= 2


def test_code_points_count_more_than_a_profile() -> None:
    data = png(strip(in_p3(COLOURS)), CICP_P3, profile=matrix_profile(BT709, 1.0))
    assert apart(squares(open_image(data)), COLOURS) <= 2


def test_lengths_of_chunks_that_lie_do_no_harm() -> None:
    """The chunks are walked before they are checked."""
    data = png(strip(COLOURS), CICP_P3)
    start = data.index(b"cICP")
    longer = data[: start - 4] + struct.pack(">I", 0x7FFFFFFF) + data[start:]
    with pytest.raises(Exception, match="picture"):
        open_image(longer)


def grey_profile(power: float) -> bytes:
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(power * 256))
    return _profile(b"GRAY", {b"kTRC": curve, b"wtpt": _D50})


def ink_profile() -> bytes:
    """Two steps of each ink, as `INKS` show them, in an `mft1` table from CMYK to Lab."""
    ramp = bytes(range(256))
    table = b"".join(
        bytes(_encoded_lab(INKS.get((c, m, y, k), (0, 0, 0))))
        for c in (0, 255)
        for m in (0, 255)
        for y in (0, 255)
        for k in (0, 255)
    )
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    lut = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0) + identity + ramp * 4 + table + ramp * 3
    return _profile(b"CMYK", {b"A2B0": lut, b"A2B1": lut, b"wtpt": _D50}, b"prtr", b"Lab ")


INKS = {
    (0, 0, 0, 0): (255, 255, 255),
    (255, 0, 0, 0): (0, 145, 200),
    (0, 255, 0, 0): (200, 20, 120),
    (0, 0, 255, 0): (250, 230, 30),
    (0, 255, 255, 0): (210, 40, 40),
    (255, 0, 255, 0): (20, 140, 70),
    (255, 255, 0, 0): (50, 50, 130),
}
"""Corners of the table, and the levels of sRGB that show them; the others are black."""
_D50 = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)


def _encoded_lab(colour: tuple[int, int, int]) -> list[int]:
    """A colour as Lab under D50, in eight bits a number (ICC.1, 6.3.4.2)."""
    # sRGB to XYZ under D50, by Bradford (http://www.brucelindbloom.com).
    matrix = [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
    x, y, z = np.cbrt(np.array(matrix) @ linear(np.array(colour, np.uint8)) / (0.9642, 1, 0.8249))
    lab = ((116 * y - 16) * 2.55, 500 * (x - y) + 128, 200 * (y - z) + 128)
    return [min(255, max(0, round(float(number)))) for number in lab]


def _profile(
    space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", pcs: bytes = b"XYZ "
) -> bytes:
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content = content.ljust(-(-len(content) // 4) * 4, b"\0")
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content
    head = struct.pack(
        ">I4xI4s4s4s12x4s28x3i", start + len(data), 0x02400000, kind, space, pcs, b"acsp",
        63190, 65536, 54061,
    )  # fmt: skip
    return head.ljust(128, b"\0") + table + data
