"""The moving formats that carry alpha, as data: adding a format is adding an entry to `FORMATS`."""

import math
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
class Effort:
    """How hard an encoder tries: its constant rate factor (larger is coarser), and its options."""

    crf: int
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """How one format is written and read back.

    `encode` are ffmpeg's output options, to which those of the chosen quality are added; `decode`
    go in front of `-i`. `pixels` is the encoder's pixel format. `layered` formats keep alpha in a
    second layer of HEVC, which must be found in the file. `halving` is by how much the rate factor
    grows for half the bytes, and `coarsest` as far as it may: beyond, damage is seen.
    """

    name: str
    extension: str
    content_type: str
    layout: Layout
    codec: str
    pixels: str
    encode: tuple[str, ...]
    quality: Mapping[Quality, Effort]
    halving: float
    coarsest: int
    decode: tuple[str, ...] = ()
    layered: bool = False

    def options(self, quality: Quality, coarser: int = 0) -> tuple[str, ...]:
        """What tells ffmpeg to write the format, by so much `coarser` than the quality asks for."""
        effort = self.quality[quality]
        return (*self.encode, "-crf", str(effort.crf + coarser), *effort.options)

    def coarser(self, quality: Quality, before: int, ratio: float) -> int:
        """How much coarser than its quality a file should be that, `before` coarser already, has
        `ratio` times the bytes that it may have; never beyond `coarsest`."""
        wanted = before + math.ceil(self.halving * math.log2(ratio) + 0.5)
        return max(before, min(wanted, self.coarsest - self.quality[quality].crf))

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
            Quality.DRAFT: Effort(36, ("-deadline", "realtime", "-cpu-used", "6")),
            Quality.STANDARD: Effort(30, ("-deadline", "good", "-cpu-used", "4")),
            Quality.BEST: Effort(24, ("-deadline", "good", "-cpu-used", "2")),
        }
    ),
    halving=12.0,
    coarsest=48,
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
            Quality.DRAFT: Effort(20, ("-preset", "fast")),
            Quality.STANDARD: Effort(20, ("-preset", "medium")),
            Quality.BEST: Effort(18, ("-preset", "medium")),
        }
    ),
    halving=6.0,
    coarsest=30,
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
            Quality.DRAFT: Effort(23, ("-preset", "veryfast")),
            Quality.STANDARD: Effort(20, ("-preset", "medium")),
            Quality.BEST: Effort(16, ("-preset", "slow")),
        }
    ),
    halving=6.0,
    coarsest=32,
)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {format_.name: format_ for format_ in (WEBM, HEVC, STACKED_VIDEO)}
)

PAGE_BYTES: Mapping[Quality, int] = MappingProxyType(
    {Quality.DRAFT: 600_000, Quality.STANDARD: 600_000, Quality.BEST: 1_200_000}
)
"""What four seconds of 512² may weigh: a mascot is one of many things on a page."""
LEAST_BYTES = 60_000
"""Below that, nobody minds."""


def ceiling(width: int, height: int, seconds: float, quality: Quality) -> int:
    """The bytes that a film of this size and length should not exceed.

    It goes by the side of a picture, not by its area: what costs most are the edges.
    """
    share = math.sqrt(width * height) / 512 * seconds / 4
    return max(LEAST_BYTES, round(PAGE_BYTES[quality] * share))


def picture_size(width: int, height: int, size: int | None) -> tuple[int, int]:
    """The picture's size in a variant `size` pixels wide, None for the full size.

    The proportions are kept and both sides are even, as chroma at half resolution demands. Nothing
    is made larger than it is.
    """
    size = width if size is None else min(size, width)
    return size // 2 * 2, max(2, round(height * size / width / 2) * 2)
