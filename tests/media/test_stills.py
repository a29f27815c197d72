"""Strangers' pictures, opened safely, and our own, resized."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from shared.errors import BadRequest, Busy
from shared.media import png
from shared.media.stills import (
    BAND_PIXELS,
    MAX_PIXELS,
    MAX_SIDE,
    load,
    moves,
    open_image,
    reencode,
    resize,
)
from tests.media import pngs
from tests.media.pngs import chunk

RED, BLUE = (200, 30, 30), (30, 30, 200)


def halves(mode: str = "RGB", size: tuple[int, int] = (32, 16)) -> Image.Image:
    """Red on the left, blue on the right."""
    pixels = np.full((size[1], size[0], 3), RED, np.uint8)
    pixels[:, size[0] // 2 :] = BLUE
    image = Image.fromarray(pixels)
    return image.quantize() if mode == "P" else image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    pixel = np.asarray(image)[at[1], at[0]].astype(int)
    return bool(np.abs(pixel - colour).max() <= 12)


def refusal(source: Path | bytes, max_pixels: int = MAX_PIXELS) -> str:
    with pytest.raises(BadRequest) as refused:
        open_image(source, max_pixels)
    assert refused.value.details["field"] == "file"
    return refused.value.message


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_format_opens_as_rgb(tmp_path: Path, kind: str) -> None:
    data = saved(halves(), kind)
    path = tmp_path / "picture"
    path.write_bytes(data)
    for source in (data, path):
        image = open_image(source)
        assert (image.mode, image.size) == ("RGB", (32, 16))
        assert near(image, (4, 8), RED)
        assert near(image, (28, 8), BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_alpha_is_kept(kind: str) -> None:
    cut = halves("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 8, 16))
    image = open_image(saved(cut, kind, lossless=True))
    assert image.mode == "RGBA"
    assert np.asarray(image)[8, [4, 12], 3].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("P", "PNG"), ("P", "GIF"), ("L", "JPEG"), ("L", "PNG"), ("LA", "PNG"), ("CMYK", "JPEG")],
)
def test_other_modes_become_rgb(mode: str, kind: str) -> None:
    image = open_image(saved(halves(mode), kind))
    assert image.mode == ("RGBA" if mode == "LA" else "RGB")
    grey = halves("L").convert("RGB").getpixel((4, 8))
    assert isinstance(grey, tuple)
    expected = RED if mode in ("P", "CMYK") else grey
    assert near(image.convert("RGB"), (4, 8), expected)


def test_one_bit_becomes_black_and_white() -> None:
    image = open_image(saved(Image.fromarray(np.eye(8, dtype=np.uint8) * 255).convert("1"), "PNG"))
    assert np.asarray(image)[0, :2].tolist() == [[255, 255, 255], [0, 0, 0]]


def test_sixteen_bits_of_grey_become_eight() -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (8, 1))
    image = open_image(saved(Image.fromarray(ramp), "PNG"))
    expected = np.linspace(0, 255, 64)
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image)[0, :, 0] - expected).max() <= 1.5


def test_transparency_by_palette_and_by_colour() -> None:
    assert open_image(saved(halves("P"), "PNG", transparency=0)).mode == "RGBA"
    image = open_image(saved(halves(), "PNG", transparency=RED))
    assert np.asarray(image)[8, [4, 28], 3].tolist() == [0, 255]


PALETTE = chunk(b"PLTE", bytes(range(12)))
LEVELS: dict[str, tuple[bytes, list[list[int]]]] = {
    "grey of 1 bit": (
        pngs.row(1, pngs.GREY, [0, 1], chunk(b"tRNS", b"\0\1")),
        [[0, 0, 0, 255], [255, 255, 255, 0]],
    ),
    "grey of 2 bits": (
        pngs.row(2, pngs.GREY, [0, 1, 3], chunk(b"tRNS", b"\0\1")),
        [[0, 0, 0, 255], [85, 85, 85, 0], [255, 255, 255, 255]],
    ),
    "grey of 4 bits": (
        pngs.row(4, pngs.GREY, [0, 5, 15], chunk(b"tRNS", b"\0\5")),
        [[0, 0, 0, 255], [85, 85, 85, 0], [255, 255, 255, 255]],
    ),
    "grey of 8 bits": (
        pngs.row(8, pngs.GREY, [0, 5, 255], chunk(b"tRNS", b"\0\5")),
        [[0, 0, 0, 255], [5, 5, 5, 0], [255, 255, 255, 255]],
    ),
    "grey of 16 bits": (
        pngs.row(16, pngs.GREY, [1000, 1001, 65535], chunk(b"tRNS", struct.pack(">H", 1000))),
        [[3, 3, 3, 0], [3, 3, 3, 255], [255, 255, 255, 255]],
    ),
    "colour of 8 bits": (
        pngs.row(8, pngs.RGB, [255, 0, 0, 1, 2, 3], chunk(b"tRNS", b"\0\xff\0\0\0\0")),
        [[255, 0, 0, 0], [1, 2, 3, 255]],
    ),
    "colour of 16 bits": (
        pngs.row(
            *(16, pngs.RGB, [0x1234, 0x5678, 0x9ABC, 0x3412, 0x7856, 0xBC9A]),
            chunk(b"tRNS", struct.pack(">3H", 0x1234, 0x5678, 0x9ABC)),
        ),
        [[0x12, 0x56, 0x9A, 0], [0x34, 0x78, 0xBC, 255]],
    ),
    "palette of 8 bits": (
        pngs.row(8, pngs.PALETTE, [0, 1, 2, 3], PALETTE, chunk(b"tRNS", b"\xff\0\x80")),
        [[0, 1, 2, 255], [3, 4, 5, 0], [6, 7, 8, 128], [9, 10, 11, 255]],
    ),
    "palette of 2 bits": (
        pngs.row(2, pngs.PALETTE, [0, 1, 2, 3], PALETTE, chunk(b"tRNS", b"\xff\0")),
        [[0, 1, 2, 255], [3, 4, 5, 0], [6, 7, 8, 255], [9, 10, 11, 255]],
    ),
    "grey and alpha of 16 bits": (
        pngs.row(16, pngs.GREY_ALPHA, [0, 65535, 1280, 0, 65535, 32768]),
        [[0, 0, 0, 255], [5, 5, 5, 0], [255, 255, 255, 128]],
    ),
    "colour and alpha of 16 bits": (
        pngs.row(16, pngs.RGBA, [256, 512, 768, 65535, 1024, 1280, 1536, 0]),
        [[1, 2, 3, 255], [4, 5, 6, 0]],
    ),
}


@pytest.mark.parametrize("kind", LEVELS)
def test_every_kind_of_png_keeps_its_transparency(kind: str) -> None:
    picture, expected = LEVELS[kind]
    image = open_image(picture)
    assert image.mode == "RGBA"
    assert np.asarray(image)[0].tolist() == expected


def test_transparency_of_16_bits_is_kept_when_a_picture_is_reduced() -> None:
    ramp = np.full((4, 2 * MAX_SIDE), 40_000, np.uint16)
    ramp[:, :MAX_SIDE] = 1000
    grey = chunk(b"tRNS", struct.pack(">H", 1000))
    image = open_image(pngs.before_pixels(saved(Image.fromarray(ramp), "PNG"), grey))
    assert np.asarray(image)[0, [10, -10], 3].tolist() == [0, 255]


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    for kind in ("GIF", "WEBP", "PNG"):
        data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
        assert near(open_image(data), (8, 8), RED)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (32, 16), (2, 8)), (3, (32, 16), (29, 8)), (6, (16, 32), (8, 2)), (8, (16, 32), (8, 29))],
)
def test_the_orientation_is_applied(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = open_image(saved(halves(), "JPEG", exif=exif, quality=95))
    assert image.size == size
    assert near(image, red_at, RED)


def tiff(*fields: bytes, head: bytes = b"II*\0\x08\0\0\0") -> bytes:
    """EXIF of some fields of 12 bytes."""
    return b"Exif\0\0" + head + struct.pack("<H", len(fields)) + b"".join(fields) + bytes(4)


def field(tag: int, type_: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, type_, count) + value.ljust(4, b"\0")


TURNED = field(0x0112, 3, 1, b"\6")
ODD_EXIF = {
    "text as a fraction": tiff(TURNED, field(0x011A, 2, 2, b"V")),
    "a fraction of nothing": tiff(TURNED, field(0x011A, 5, 1, struct.pack("<I", 38))) + bytes(8),
    "a folder that is nowhere": tiff(TURNED, field(0x8769, 4, 1, b"\xff\xff\xff\xff")),
    "a folder of text": tiff(TURNED, field(0x8825, 2, 4, b"GPS")),
    "a value beyond the end": tiff(TURNED, field(0x010E, 2, 4000, b"\0\1")),
    "a field of no type": tiff(TURNED, field(0x010E, 99, 1, b"")),
    "an orientation twice": tiff(field(0x0112, 3, 2, b"\6\0\6\0")),
    "more fields than there are": tiff(TURNED)[:14] + b"\xff\0" + TURNED,
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("exif", ODD_EXIF)
def test_exif_that_could_not_be_written_turns_the_picture(kind: str, exif: str) -> None:
    image = open_image(saved(halves(), kind, exif=ODD_EXIF[exif], quality=95))
    assert image.size == (16, 32)
    assert near(image, (8, 2), RED)


UNREADABLE_EXIF = {
    "no EXIF": b"Exif\0\0nothing of the kind",
    "cut off in its header": b"Exif\0\0II*\0\x08",
    "another version of it": tiff(TURNED, head=b"II+\0\x08\0\0\0"),
    "an orientation of text": tiff(field(0x0112, 2, 2, b"6")),
    "an orientation that is none": tiff(field(0x0112, 3, 1, b"\x63")),
    "a fraction of nothing": tiff(field(0x0112, 5, 1, struct.pack("<I", 26))) + bytes(8),
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("exif", UNREADABLE_EXIF)
def test_exif_that_tells_nothing_leaves_the_picture_as_it_lies(kind: str, exif: str) -> None:
    image = open_image(saved(halves(), kind, exif=UNREADABLE_EXIF[exif], quality=95))
    assert image.size == (32, 16)
    assert near(image, (2, 8), RED)


BIG = zlib.compress(bytes(3_000_000))
BIG_METADATA = {
    "XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BIG),
    "text": chunk(b"zTXt", b"Comment\0\0" + BIG),
    "many texts": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000))) * 70,
    "text packed otherwise": chunk(b"zTXt", b"Comment\0\1" + BIG),
    "a profile": chunk(b"iCCP", b"Display\0\0" + BIG),
    "a profile packed otherwise": chunk(b"iCCP", b"Display\0\1" + BIG),
    "a profile without a name": chunk(b"iCCP"),
}


@pytest.mark.parametrize("where", ["before the pixels", "behind them"])
@pytest.mark.parametrize("what", BIG_METADATA)
def test_large_metadata_does_not_keep_a_png_from_being_opened(what: str, where: str) -> None:
    plain, more = saved(halves(), "PNG"), BIG_METADATA[what]
    if where == "before the pixels":
        picture = pngs.before_pixels(plain, more)
    else:
        picture = plain[:-12] + more + plain[-12:]
    image = open_image(picture)
    assert near(image, (4, 8), RED)
    assert near(image, (28, 8), BLUE)
    assert not moves(picture)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_metadata_is_dropped(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET-PLACE"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "SECRET-PLACE")
    data = saved(halves(), kind, exif=exif, pnginfo=notes, icc_profile=b"SECRET-PLACE")
    assert b"SECRET" in data
    assert open_image(data).info == {}
    assert len(open_image(data).getexif()) == 0
    target = tmp_path / "clean.png"
    assert reencode(data, target) == (32, 16)
    assert b"SECRET" not in target.read_bytes()
    with Image.open(target) as clean:
        assert (clean.format, clean.info) == ("PNG", {})


def test_of_many_profiles_one_is_unpacked() -> None:
    """Each could take a while."""
    profile = chunk(b"iCCP", b"Display\0\0" + zlib.compress(bytes(1_000_000)))
    picture = pngs.before_pixels(saved(halves(), "PNG"), *[profile] * 50)
    assert png.without_compressed_text(picture).count(b"iCCP") == 1
    assert near(open_image(picture), (4, 8), RED)


LARGE = (5 * MAX_SIDE // 2, 60)
SAVED: dict[str, dict[str, object]] = {
    "PNG": {},
    "PNG RGBA": {},
    "PNG P": {},
    "PNG P transparent": {"transparency": 0},
    "PNG LA": {},
    "JPEG": {"quality": 95},
    "JPEG progressive": {"quality": 95, "progressive": True},
    "JPEG L": {"quality": 95},
    "JPEG CMYK": {"quality": 95},
    "WEBP": {"lossless": True},
    "GIF": {},
}


@pytest.mark.parametrize("kind", SAVED)
def test_a_large_picture_is_reduced_to_what_it_shows(kind: str) -> None:
    format_, _, mode = kind.partition(" ")
    mode = mode.removesuffix(" transparent").replace("progressive", "") or "RGB"
    whole = halves(mode, LARGE)
    image = open_image(saved(whole, format_, **SAVED[kind]))
    assert image.size == (MAX_SIDE, round(LARGE[1] * MAX_SIDE / LARGE[0]))
    left, right = np.asarray(whole.convert("RGB"))[10, [10, -10]]
    assert near(image.convert("RGB"), (image.width - 10, 10), tuple(right.tolist()))
    if kind == "PNG P transparent":
        assert np.asarray(image)[10, [10, -10], 3].tolist() == [0, 255]
    else:
        assert near(image.convert("RGB"), (10, 10), tuple(left.tolist()))


def test_a_picture_within_the_limit_keeps_every_pixel(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (40, MAX_SIDE, 4), np.uint8)
    path = tmp_path / "picture.png"
    path.write_bytes(saved(Image.fromarray(noise), "PNG"))
    assert np.array_equal(np.asarray(open_image(path)), noise)
    assert np.array_equal(load(path, "RGBA"), noise)
    assert load(path, "RGBA", MAX_SIDE // 2).shape == (20, MAX_SIDE // 2, 4)


def test_bands_leave_no_seams_and_premultiply() -> None:
    """Each pixel is the mean of its block, also where a band ends, and takes no hidden colour."""
    rows = 2 * (2 * BAND_PIXELS // (2 * MAX_SIDE))
    ramp = np.zeros((rows, 2 * MAX_SIDE, 4), np.uint8)
    ramp[..., 0] = np.linspace(0, 250, rows)[:, None]
    ramp[..., 3] = 255
    ramp[:, ::2] = (0, 255, 0, 0)
    found = np.asarray(open_image(saved(Image.fromarray(ramp), "PNG"))).astype(int)
    assert found.shape == (rows // 2, MAX_SIDE, 4)
    assert np.abs(found[:, 5, 0] - ramp[:, 1, 0].reshape(-1, 2).mean(axis=1)).max() <= 2
    assert found[..., 1].max() == 0
    assert set(np.unique(found[..., 3])) <= {127, 128}


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_is_turned_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = open_image(saved(halves(size=LARGE), kind, exif=exif))
    assert image.height == MAX_SIDE
    assert near(image, (10, 10), RED)
    assert near(image, (10, image.height - 10), BLUE)


@pytest.mark.parametrize("size", [(3 * MAX_SIDE, 1), (1, 3 * MAX_SIDE)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_line_is_a_picture(kind: str, size: tuple[int, int]) -> None:
    image = open_image(saved(Image.new("RGB", size, RED), kind))
    assert sorted(image.size) == [1, MAX_SIDE]


def test_sixteen_bits_are_reduced(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 2 * MAX_SIDE).astype(np.uint16), (4, 1))
    image = open_image(saved(Image.fromarray(ramp), "PNG"))
    expected = np.linspace(0, 255, MAX_SIDE)
    assert np.abs(np.asarray(image)[0, :, 0] - expected).max() <= 1.5


def bomb(width: int, height: int) -> bytes:
    """A PNG's header that promises `width` × `height`, with next to nothing behind it."""
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return pngs.SIGNATURE + pngs.header(width, height) + body + chunk(b"IEND")


@pytest.mark.parametrize("side", [6400, 10_000, 14_000, 60_000])
def test_bombs_are_refused_by_their_header(side: int) -> None:
    assert "pixels are taken" in refusal(bomb(side, side))


def test_the_limit_is_the_callers(tmp_path: Path) -> None:
    data = saved(halves(), "PNG")
    assert open_image(data, max_pixels=512).size == (32, 16)
    assert "32×16" in refusal(data, max_pixels=511)
    with pytest.raises(BadRequest):
        reencode(data, tmp_path / "out.png", max_pixels=511)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_cut_off_pictures_are_refused(kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    assert "damaged" in refusal(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a PNG, JPEG, WebP or GIF picture"),
        (b"just text", "not a PNG, JPEG, WebP or GIF picture"),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
            "an SVG drawing; send a PNG, JPEG, WebP or GIF",
        ),
        (b"%PDF-1.7\n", "a PDF; send"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "a PostScript file; send"),
        (saved(halves(), "BMP"), "a BMP picture; send"),
        (saved(halves(), "TIFF"), "a TIFF picture; send"),
        (saved(halves(), "AVIF"), "an AVIF picture; send"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "an HEIC picture, as iPhones take them; send"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "an MP4 or QuickTime film; send a PNG"),
        (saved(halves(), "JPEG")[:20], "damaged or cut off"),
    ],
    ids=["empty", "text", "svg", "pdf", "eps", "bmp", "tiff", "avif", "heic", "film", "cut off"],
)
def test_other_files_are_refused_by_their_name(tmp_path: Path, data: bytes, reason: str) -> None:
    """Not by what they are called."""
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    assert f"is {reason}" in refusal(path)
    assert refusal(data) == refusal(path)


def _cut_in_its_second_frame() -> bytes:
    gif = saved(halves(), "GIF", save_all=True, append_images=[halves().rotate(180)])
    return gif[: gif.rindex(b"\x2c") + 10]


ODD = {
    "a GIF cut off where its second frame begins": _cut_in_its_second_frame(),
    "a WebP that promises a wall": b"RIFF\x1e\0\0\0WEBPVP8X\n\0\0\0\x02\0\0\0"
    + b"\xff\xff\0\xff\xff\0"
    + bytes(8),
    "a PNG whose header is a word": pngs.SIGNATURE + chunk(b"IHDR", b"word"),
    "a PNG of no known kind": pngs.SIGNATURE + pngs.header(1, 1, 7, 5) + chunk(b"IDAT"),
    "a PNG of chunks that are none": pngs.SIGNATURE + b"\xff" * 40,
    "an animation of no frames": pngs.before_pixels(
        pngs.row(8, pngs.GREY, [0]), chunk(b"acTL", bytes(8)), chunk(b"fcTL", b"\0")
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_files_are_refused_in_words(kind: str) -> None:
    """Found among files that were changed at random (`test_mutations`), and their like."""
    assert moves(ODD[kind]) is False
    with suppress(BadRequest):
        open_image(ODD[kind])


FAULTS = [
    *(RecursionError(), TypeError(), KeyError(), struct.error(), zlib.error()),
    *(OverflowError(), AttributeError(), AssertionError(), UserWarning()),
]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_any_fault_of_a_decoder_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(image: Image.Image) -> None:
        raise fault

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", fail)
    assert "damaged" in refusal(saved(halves(), "PNG"))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile._open", fail)
    assert refusal(saved(halves(), "PNG"))
    assert not moves(saved(halves(), "PNG"))


def test_a_lack_of_memory_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(image: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", fail)
    with pytest.raises(Busy):
        open_image(saved(halves(), "PNG"))


def test_resizing_keeps_proportions_and_premultiplies(tmp_path: Path) -> None:
    """Red beside transparent green: no green may come in."""
    rgba = np.full((300, 400, 4), (0, 255, 0, 0), np.uint8)
    rgba[:, :197] = (255, 0, 0, 255)
    source = tmp_path / "still.png"
    Image.fromarray(rgba).save(source)
    targets = {size: tmp_path / f"{size}.png" for size in (64, 200, 33)}
    assert resize(source, targets) == {200: (200, 150), 64: (64, 48), 33: (33, 25)}
    for width, path in targets.items():
        with Image.open(path) as image:
            assert (image.format, image.mode, image.width) == ("PNG", "RGBA", width)
            pixels = np.asarray(image)
        visible = pixels[pixels[..., 3] > 8]
        assert visible[:, 1].max() <= 16
        assert visible[:, 0].min() >= 239
        assert pixels[..., 3].mean() / 255 == pytest.approx(197 / 400, abs=0.01)


def test_resizing_keeps_the_picture(tmp_path: Path) -> None:
    source = tmp_path / "still.png"
    halves(size=(64, 32)).save(source)
    resize(source, {16: tmp_path / "16.png"})
    with Image.open(tmp_path / "16.png") as image:
        assert (image.mode, image.size) == ("RGB", (16, 8))
        assert near(image, (2, 4), RED)
        assert near(image, (13, 4), BLUE)


def test_a_still_of_ours_is_a_png_and_nothing_else(tmp_path: Path) -> None:
    """What somebody got `decode` to write must not reach another decoder by its first bytes."""
    for kind in ("JPEG", "WEBP", "TIFF"):
        Image.new("RGB", (4, 4)).save(tmp_path / "still.png", kind)
        with pytest.raises(UnidentifiedImageError):
            load(tmp_path / "still.png", "RGB")
