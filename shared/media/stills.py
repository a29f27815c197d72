"""Stills: opening those of strangers safely, and resizing our own.

An accepted picture has at most `MAX_PIXELS`. One with a longer side of more than `MAX_SIDE` is
made smaller: a JPEG while it is decoded, others in bands, so that a large picture is hardly ever
held beside a copy of itself.
"""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile

from shared.errors import BadRequest, Busy, MascotryError
from shared.media import png
from shared.media.compact import write_png, write_webp
from shared.media.container import DAMAGED, HEAD, no_picture
from shared.media.decoding import GATE
from shared.media.decoding import MAX_PIXELS as MAX_PIXELS
from shared.media.srgb import Convert, conversion

log = logging.getLogger(__name__)

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
Mode = Literal["RGB", "RGBA"]

MAX_SIDE: Final = 3072
"""Pixels of the longer side of what is kept of a picture; what we draw has 2048 at most."""
MEASURED_SIDE: Final = 2048
"""The same where a picture is only looked at: colours and proportions need no more."""
TURNS: Final[Mapping[int, Image.Transpose]] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
"""What sets a picture upright, by its orientation in EXIF."""
DEPTHS: Final[Mapping[str, Fraction]] = MappingProxyType(
    {"L;2": Fraction(255, 3), "L;4": Fraction(255, 15), "RGB;16B": Fraction(1, 256)}
)
"""By what Pillow multiplies the levels of PNGs that have not 8 bits, but not the transparent one
(`tRNS`). Of 16 bits it takes the upper 8."""
BAND_PIXELS: Final = 1_000_000
"""About how many pixels are converted and reduced at a time."""


def load(path: Path, mode: Mode, max_side: int = MAX_SIDE) -> NDArray[np.uint8]:
    """The pixels (H, W, C) of a still that we have made or checked ourselves, which is a PNG, made
    smaller if its longer side has more than `max_side`."""
    with Image.open(path, formats=("PNG",)) as image:
        return np.asarray(_reduced(image, mode, max_side))


def open_image(
    source: Path | bytes, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE
) -> Image.Image:
    """Decode a PNG, JPEG, WebP or GIF (its first frame) completely, to RGB, or RGBA if not opaque.

    The orientation of EXIF is applied, colours are brought to sRGB, and all metadata is dropped.
    What has more than `max_side` pixels a side is made that small. Raises
    `BadRequest(field="file")` for other formats, more than `max_pixels`, and broken or truncated
    files; `Busy` when too much is being decoded.
    """
    with _opened(source, max_pixels, max_side) as picture:
        return picture


@contextmanager
def _opened(source: Path | bytes, max_pixels: int, max_side: int) -> Iterator[Image.Image]:
    """What `open_image` gives, with the room that its decoding needs held until the context ends:
    for those who write the picture and let it go, so that pictures do not pile up behind the gate.
    """
    source = _readable(source)
    with _refusing(max_pixels), _open(source) as image:
        # The header is read by now, the pixels are not: a bomb is refused before it is lit.
        width, height = image.size
        if width * height > max_pixels:
            raise _refused(f"is {width}×{height}; at most {max_pixels:,} pixels are taken")
    with GATE.admit(width * height):
        with _refusing(max_pixels):
            picture = _decoded(source, max_side)
        yield picture


def moves(source: bytes) -> bool:
    """Whether a picture has more than one frame; False for what cannot be read."""
    try:
        with _refusing(MAX_PIXELS), _open(_readable(source)) as image:
            return bool(getattr(image, "is_animated", False))
    except BadRequest:
        return False


def reencode(source: Path | bytes, target: Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Write what `open_image` makes of `source` as a clean PNG; returns its (width, height)."""
    with _opened(source, max_pixels, MAX_SIDE) as image:
        image.save(target, "PNG")
        return image.size


def shrink(source: Path | bytes, target: Path, side: int) -> tuple[int, int]:
    """Write what `open_image` makes of `source` as a clean PNG with at most `side` pixels a side,
    proportions kept; a smaller one keeps its size. Returns its (width, height)."""
    with _opened(source, MAX_PIXELS, MAX_SIDE) as image:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        image.save(target, "PNG")
        return image.size


def resize(source: Path, targets: Mapping[int, Path]) -> dict[int, tuple[int, int]]:
    """Write `source` as PNGs of the given widths, with WebPs beside them if it has alpha,
    proportions kept; returns (width, height)s.

    The filter is Lanczos on premultiplied colour (Pillow premultiplies RGBA itself). Each size is
    made from the next larger one, which is as good and quicker.
    """
    sizes: dict[int, tuple[int, int]] = {}
    image = open_image(source)
    proportion = image.height / image.width
    for width in sorted(targets, reverse=True):
        size = (width, max(1, round(width * proportion)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        write_png(image, targets[width])
        if image.mode == "RGBA":
            write_webp(image, targets[width].with_suffix(".webp"))
        sizes[width] = size
    return sizes


def _readable(source: Path | bytes) -> Path | bytes:
    """What a picture is decoded from: a PNG without the metadata that would keep it from being
    opened, any other as it is."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
        if stream.read(len(png.SIGNATURE)) != png.SIGNATURE:
            return source
        return png.without_compressed_text(png.SIGNATURE + stream.read())


def _open(source: Path | bytes) -> Image.Image:
    """The picture's header: its pixels are decoded when they are asked for."""
    try:
        return Image.open(
            io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS
        )
    except UnidentifiedImageError:
        raise _refused(no_picture(_head(source))) from None


def _head(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:HEAD]
    with source.open("rb") as stream:
        return stream.read(HEAD)


def _decoded(source: Path | bytes, max_side: int) -> Image.Image:
    with _open(source) as image:
        if isinstance(image, PngImageFile):
            _scale_transparent_level(image)
        mode: Mode = "RGBA" if image.has_transparency_data else "RGB"
        picture = _reduced(image, mode, max_side)
        turn = _turn(image)  # metadata may stand behind the pixels, so it is known only now
    picture.info.clear()
    return picture if turn is None else picture.transpose(turn)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What sets a picture upright; None if it is, or cannot say how it lies."""
    try:
        return TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception as error:  # EXIF is written by anybody, and Pillow raises anything
        log.info("EXIF cannot be read", extra={"reason": type(error).__name__})
        return None


def _scale_transparent_level(image: PngImageFile) -> None:
    """Bring the level that a PNG calls transparent to the 8 bits that its pixels will have."""
    level, rawmode = image.info.get("transparency"), image.tile[0].args
    factor = DEPTHS.get(rawmode) if isinstance(rawmode, str) else None
    if factor is not None and isinstance(level, int):
        image.info["transparency"] = int(level * factor)
    elif factor is not None and isinstance(level, tuple):
        image.info["transparency"] = tuple(int(part * factor) for part in level)


def _reduced(image: Image.Image, mode: Mode, max_side: int) -> Image.Image:
    """The picture in a mode, with at most `max_side` pixels a side, proportions kept.

    What is much larger is first reduced by a whole factor: band by band, so that beside the decoded
    picture there is only the result.
    """
    to_srgb = conversion(image)
    factor = _factor(image, max_side)
    # Changes JPEGs only, to a half, quarter or eighth.
    image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
    factor = _factor(image, max_side)
    if factor > 1:
        picture = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
        rows = factor * max(1, BAND_PIXELS // (image.width * factor))
        for top in range(0, image.height, rows):
            band = image.crop((0, top, image.width, min(top + rows, image.height)))
            picture.paste(_in_srgb(band, mode, to_srgb).reduce(factor), (0, top // factor))
    else:
        picture = _in_srgb(image, mode, to_srgb)
    share = min(1.0, max_side / max(picture.size))
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _factor(image: Image.Image, max_side: int) -> int:
    return max(1, max(image.size) // max_side)


def _in_srgb(image: Image.Image, mode: Mode, to_srgb: Convert | None) -> Image.Image:
    if to_srgb is None:
        return _converted(image, mode)
    if image.mode == "CMYK":
        return to_srgb(image)
    return to_srgb(_converted(image, mode))


def _converted(image: Image.Image, mode: Mode) -> Image.Image:
    """The picture in a mode of 8 bits."""
    if image.mode.startswith("I"):  # of 16 bits: Pillow makes all but the darkest white
        levels = np.asarray(image).clip(0, 65535)
        clear = image.info.get("transparency")
        image = Image.fromarray((levels // 257).astype(np.uint8))
        if clear is not None:
            image.putalpha(Image.fromarray(np.where(levels == clear, 0, 255).astype(np.uint8)))
    return image if image.mode == mode else image.convert(mode)


@contextmanager
def _refusing(max_pixels: int) -> Iterator[None]:
    """Turn what goes wrong with a stranger's file into a `BadRequest` that says what is wrong, and
    a lack of memory, which will pass, into `Busy`.

    Decoders raise anything at files that were made to find their faults.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except MascotryError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused(f"is too large; at most {max_pixels:,} pixels are taken") from None
    except MemoryError:
        raise Busy("the picture needs more memory than there is now; try again") from None
    except Exception as error:
        raise _refused(DAMAGED) from error


def _refused(reason: str) -> BadRequest:
    return BadRequest(f"the picture {reason}", field="file")
