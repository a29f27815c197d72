"""The moving formats that carry alpha, as data: adding a format is adding an entry to `FORMATS`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from shared.model.collection import Quality as Quality


class Layout(StrEnum):
    """Where a format keeps its alpha."""

    STRAIGHT = "straight"
    """In a fourth plane, beside colour that is not premultiplied."""

    STACKED = "stacked"
    """As grey in the lower half of a frame of twice the height, below premultiplied colour."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is written and read back.

    `encode` are ffmpeg's output options, to which those of the chosen quality are added; `decode`
    go in front of `-i`. `pixels` is the encoder's pixel format. `layered` formats keep alpha in a
    second layer of HEVC, which must be found in the file.
    """

    name: str
    extension: str
    content_type: str
    layout: Layout
    codec: str
    pixels: str
    encode: tuple[str, ...]
    quality: Mapping[Quality, tuple[str, ...]]
    decode: tuple[str, ...] = ()
    layered: bool = False

    def frame_size(self, width: int, height: int) -> tuple[int, int]:
        """The size of an encoded frame that shows a picture of `width` × `height`."""
        return (width, height * 2) if self.layout is Layout.STACKED else (width, height)


WEBM = Format(
    name="webm",
    extension="webm",
    content_type="video/webm",
    layout=Layout.STRAIGHT,
    codec="vp9",
    pixels="yuva420p",
    encode=("-c:v", "libvpx-vp9", "-b:v", "0", "-row-mt", "1", "-threads", "2"),
    quality=MappingProxyType(
        {
            Quality.DRAFT: ("-crf", "36", "-deadline", "realtime", "-cpu-used", "6"),
            Quality.STANDARD: ("-crf", "30", "-deadline", "good", "-cpu-used", "4"),
            Quality.BEST: ("-crf", "24", "-deadline", "good", "-cpu-used", "2"),
        }
    ),
    # ffmpeg's own VP9 decoder drops the alpha.
    decode=("-c:v", "libvpx-vp9"),
)

HEVC = Format(
    name="hevc",
    extension="mov",
    content_type="video/quicktime",
    layout=Layout.STRAIGHT,
    codec="hevc",
    pixels="yuva420p",
    # The parameters keep the encoder's 2 KB self-portrait out of every file. `hvc1` is the tag
    # that Apple's players ask for.
    encode=(
        *("-c:v", "libx265", "-x265-params", "log-level=none:info=0"),
        *("-tag:v", "hvc1", "-movflags", "+faststart"),
    ),
    # From crf 22 on, thin hair shows isolated alpha errors over 100.
    quality=MappingProxyType(
        {
            Quality.DRAFT: ("-crf", "20", "-preset", "fast"),
            Quality.STANDARD: ("-crf", "20", "-preset", "medium"),
            Quality.BEST: ("-crf", "18", "-preset", "medium"),
        }
    ),
    layered=True,
)

STACKED_VIDEO = Format(
    name="stacked_video",
    extension="mp4",
    content_type="video/mp4",
    layout=Layout.STACKED,
    codec="h264",
    pixels="yuv420p",
    encode=("-c:v", "libx264", "-movflags", "+faststart"),
    quality=MappingProxyType(
        {
            Quality.DRAFT: ("-crf", "23", "-preset", "veryfast"),
            Quality.STANDARD: ("-crf", "20", "-preset", "medium"),
            Quality.BEST: ("-crf", "16", "-preset", "slow"),
        }
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {format_.name: format_ for format_ in (WEBM, HEVC, STACKED_VIDEO)}
)


def picture_size(width: int, height: int, size: int | None) -> tuple[int, int]:
    """The picture's size in a variant `size` pixels wide, None for the full size.

    The proportions are kept and both sides are even, as chroma at half resolution demands. Nothing
    is made larger than it is.
    """
    size = width if size is None else min(size, width)
    return size // 2 * 2, max(2, round(height * size / width / 2) * 2)
