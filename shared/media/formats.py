"""The moving formats that carry alpha, as data: adding a format is adding an entry to `FORMATS`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.model.collection import Quality as Quality


class Layout(StrEnum):
    """Where a format keeps its alpha."""

    STRAIGHT = "straight"
    """In a fourth plane, beside colour that is not premultiplied."""

    STACKED = "stacked"
    """As grey in the lower half of a frame of twice the height, below premultiplied colour."""

    GRID = "grid"
    """As `STRAIGHT`; the frames stand in one picture, row by row."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard an encoder tries: the `level` of its quality (of most, the constant rate factor),
    and its options."""

    level: int
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """How the frames of a film stand in a file: for all but grids, one by one."""

    columns: int = 1
    rows: int = 1


SINGLE: Final = Cells()


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """How one format is written and read back. Each is itself alone, so that it can be a key.

    `encode` are ffmpeg's output options, to which those of the chosen quality are added. In either,
    `{level}` stands for the quality's level, `{columns}` and `{rows}` for a grid's. The level goes
    from `finest` to `coarsest`, whichever is the larger number: beyond, damage is seen. `halving`
    is by how much it changes for half the bytes, and `weight` how much heavier than a film of ours
    a file may be.

    It is read by ffmpeg's `demuxer`; `decode` goes in front of `-i`; what `graph` is not
    given to must be the file's first film. `{fps}` in it stands for the rate, `{columns}` and
    `{rows}` for a grid's.
    `stream` is the film in the file that has the colours. `layered` formats keep alpha in a second
    layer of HEVC, which must be found in the file, and described as Apple's encoder would (`hevc`).
    What `merges` writes frames that are the same and follow each other as one. What loses nothing
    pays for colours that nobody sees, so these are black with `clears`. `tick` is what times are
    rounded to, in seconds.
    `worst_alpha` (of 255) and `worst_ssim` are what encoding may cost at most.
    """

    name: str
    extension: str
    content_type: str
    layout: Layout
    codec: str
    encode: tuple[str, ...]
    quality: Mapping[Quality, Effort]
    halving: float
    finest: int
    coarsest: int
    weight: float = 1.0
    demuxer: str = "mov"
    decode: tuple[str, ...] = ()
    graph: str = ""
    stream: int = 0
    layered: bool = False
    merges: bool = False
    clears: bool = False
    tick: float = 0.001
    worst_alpha: float = 1.5
    worst_ssim: float = 0.85

    def options(self, quality: Quality, coarser: int = 0, cells: Cells = SINGLE) -> tuple[str, ...]:
        """What tells ffmpeg to write the format, by so much `coarser` than the quality asks for."""
        effort = self.quality[quality]
        level = effort.level + coarser * self._direction
        given = {"level": level, "columns": cells.columns, "rows": cells.rows}
        return tuple(option.format(**given) for option in (*self.encode, *effort.options))

    def coarser(self, quality: Quality, before: int, ratio: float) -> int:
        """How much coarser than its quality a file should be that, `before` coarser already, has
        `ratio` times the bytes that it may have. A `ratio` below 1 gives less than before. Never
        beyond `finest` and `coarsest`."""
        level = self.quality[quality].level
        least, most = ((end - level) * self._direction for end in (self.finest, self.coarsest))
        step = math.ceil(self.halving * abs(math.log2(ratio)) + 0.5)
        return min(max(before + (step if ratio > 1 else -step), least), most)

    def frame_size(self, width: int, height: int) -> tuple[int, int]:
        """The size of a frame that shows a picture of `width` × `height`, as it is encoded."""
        return (width, height * 2) if self.layout is Layout.STACKED else (width, height)

    def picture(
        self, width: int, height: int, size: int | None, frames: int
    ) -> tuple[int, int, Cells]:
        """The size of the pictures of a film's variant `size` pixels wide (None: the full size),
        and how they stand in the file.

        The proportions are kept and both sides are even, as chroma at half resolution demands.
        Nothing is made larger than it is, and a grid as large as `WIDEST_GRID` at most.
        """
        shown = picture_size(width, height, size)
        return (*shown, SINGLE) if self.layout is not Layout.GRID else _grid(*shown, frames)

    @property
    def _direction(self) -> int:
        return 1 if self.coarsest > self.finest else -1


SPACE = "setparams=color_primaries=bt709:color_trc=bt709"
"""A filter. The encoders go by the frames: what `TAGS` alone say of primaries and transfer is not
written, and browsers then guess the matrix by the size of the picture."""
TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")

# What browsers play is written by the matrix of BT.601, and says so; primaries and transfer remain
# those of sRGB. Firefox reads VP9 with alpha by BT.601 whatever the file says (green 63/174/74
# becomes 71/193/77 by BT.709). libyuv, by which browsers convert AVIF and Firefox H.264, caps the
# coefficient of blue at 2, where BT.709 has 2.112 and BT.601 2.018: up to ten levels of blue.
_WEB = "smpte170m"
_WEB_YUV = f"{SPACE},scale=out_color_matrix={_WEB}:out_range=tv,format="
_WEB_TAGS = ("-colorspace", _WEB, *TAGS[2:])


def _qualities(draft: Effort, standard: Effort, best: Effort) -> Mapping[Quality, Effort]:
    return MappingProxyType({Quality.DRAFT: draft, Quality.STANDARD: standard, Quality.BEST: best})


WEBM = Format(
    name="webm",
    extension="webm",
    content_type="video/webm",
    layout=Layout.STRAIGHT,
    codec="vp9",
    encode=(
        *("-vf", f"{_WEB_YUV}yuva420p", "-pix_fmt", "yuva420p", *_WEB_TAGS),
        *("-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "{level}"),
        *("-row-mt", "1", "-threads", "2"),
    ),
    quality=_qualities(
        Effort(36, ("-deadline", "realtime", "-cpu-used", "6")),
        Effort(30, ("-deadline", "good", "-cpu-used", "4")),
        Effort(24, ("-deadline", "good", "-cpu-used", "2")),
    ),
    halving=12.0,
    finest=12,
    coarsest=48,
    demuxer="matroska",
    # ffmpeg's own VP9 decoder drops the alpha.
    decode=("-c:v", "libvpx-vp9"),
)

HEVC = Format(
    name="hevc",
    extension="mov",
    content_type="video/quicktime",
    layout=Layout.STRAIGHT,
    codec="hevc",
    # The parameters keep the encoder's 2 KB self-portrait out of every file. `hvc1` is the tag
    # that Apple's players ask for. A key frame comes at least every 30 frames, as Apple's encoder
    # writes them, and nothing behind it needs what is in front of it.
    encode=(
        *("-vf", f"{SPACE},scale=out_color_matrix=bt709:out_range=tv,format=yuva420p"),
        *("-pix_fmt", "yuva420p", *TAGS),
        *("-c:v", "libx265", "-x265-params", "log-level=none:info=0:open-gop=0"),
        *("-crf", "{level}", "-g", "30", "-tag:v", "hvc1", "-movflags", "+faststart"),
    ),
    # From crf 22 on, thin hair shows isolated alpha errors over 100.
    quality=_qualities(
        Effort(20, ("-preset", "fast")),
        Effort(20, ("-preset", "medium")),
        Effort(18, ("-preset", "medium")),
    ),
    halving=6.0,
    finest=12,
    coarsest=30,
    layered=True,
)

STACKED_VIDEO = Format(
    name="stacked_video",
    extension="mp4",
    content_type="video/mp4",
    layout=Layout.STACKED,
    codec="h264",
    encode=(
        *("-vf", f"{_WEB_YUV}yuv420p", "-pix_fmt", "yuv420p", *_WEB_TAGS),
        *("-c:v", "libx264", "-crf", "{level}", "-movflags", "+faststart"),
    ),
    quality=_qualities(
        Effort(23, ("-preset", "veryfast")),
        Effort(20, ("-preset", "medium")),
        Effort(16, ("-preset", "slow")),
    ),
    halving=6.0,
    finest=10,
    coarsest=32,
)

AVIF = Format(
    name="avif",
    extension="avif",
    content_type="image/avif",
    layout=Layout.STRAIGHT,
    codec="av1",
    # Two films in one file. The quick encoder of colour cannot write grey, so alpha has another.
    encode=(
        "-filter_complex",
        f"[0:v]split[rgb][rgba];[rgb]{_WEB_YUV}yuv420p[colour];[rgba]alphaextract,format=gray,"
        f"{SPACE}:colorspace={_WEB}:range=pc[alpha]",
        *("-map", "[colour]", "-c:v:0", "libsvtav1", "-svtav1-params:v:0", "lp=2"),
        *("-crf:v:0", "{level}", "-map", "[alpha]", "-c:v:1", "libaom-av1"),
        *("-crf:v:1", "{level}", "-row-mt:v:1", "1", "-threads:v:1", "2", *_WEB_TAGS, "-loop", "0"),
    ),
    quality=_qualities(
        Effort(36, ("-preset:v:0", "10", "-usage:v:1", "realtime", "-cpu-used:v:1", "8")),
        Effort(30, ("-preset:v:0", "8", "-usage:v:1", "realtime", "-cpu-used:v:1", "7")),
        Effort(24, ("-preset:v:0", "6", "-cpu-used:v:1", "6")),
    ),
    halving=10.0,
    finest=12,
    coarsest=48,
    # The first two streams are stills of the same, for who knows no moving ones.
    graph="[0:v:2]format=rgba[colour];[0:v:3]format=gray[alpha];[colour][alpha]alphamerge",
    stream=2,
)

ANIMATED_WEBP = Format(
    name="animated_webp",
    extension="webp",
    content_type="image/webp",
    layout=Layout.STRAIGHT,
    codec="webp_anim",
    encode=(
        *("-vf", "format=bgra", "-c:v", "libwebp_anim", "-quality", "{level}"),
        *("-compression_level", "4", "-loop", "0"),
    ),
    quality=_qualities(Effort(60), Effort(75), Effort(88)),
    halving=35.0,
    finest=95,
    coarsest=40,
    demuxer="webp_anim",
    weight=4,
    merges=True,
    graph="[0:v]fps={fps},format=rgba",
)

APNG = Format(
    name="apng",
    extension="png",
    content_type="image/png",
    layout=Layout.STRAIGHT,
    codec="apng",
    # It loses nothing, so what a codec left of noise costs most: colours are rounded first.
    encode=(
        *(
            "-vf",
            "lutrgb={rounded},format=rgba".format(
                rounded=":".join(f"{c}='min(255,round(val/{{level}})*{{level}})'" for c in "rgb")
            ),
        ),
        *("-c:v", "apng", "-pred", "paeth", "-plays", "0", "-f", "apng"),
    ),
    quality=_qualities(Effort(8), Effort(4), Effort(1)),
    halving=12.0,
    finest=1,
    coarsest=16,
    demuxer="apng",
    weight=16,
    clears=True,
)

GIF = Format(
    name="gif",
    extension="gif",
    content_type="image/gif",
    layout=Layout.STRAIGHT,
    codec="gif",
    # A palette for each frame, since one for all would have to see all before the first is written.
    encode=(
        "-filter_complex",
        "split[seen][shown];[seen]palettegen=stats_mode=single:max_colors={level}[palette];"
        "[shown][palette]paletteuse=new=1:dither=none:alpha_threshold=128",
        *("-loop", "0"),
    ),
    quality=_qualities(Effort(128), Effort(256), Effort(256)),
    halving=256.0,
    finest=256,
    coarsest=64,
    demuxer="gif",
    weight=8,
    tick=0.01,
    worst_alpha=6.0,
)

SPRITE_SHEET = Format(
    name="sprite_sheet",
    extension="webp",
    content_type="image/webp",
    layout=Layout.GRID,
    codec="webp",
    encode=(
        *("-vf", "tile={columns}x{rows}:color=black@0,format=bgra", "-frames:v", "1"),
        *("-c:v", "libwebp", "-quality", "{level}", "-compression_level", "4"),
    ),
    quality=_qualities(Effort(60), Effort(75), Effort(88)),
    halving=35.0,
    finest=95,
    coarsest=40,
    demuxer="webp_pipe",
    weight=4,
    graph="[0:v]format=rgba,untile={columns}x{rows}",
)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        format_.name: format_
        for format_ in (WEBM, HEVC, STACKED_VIDEO, AVIF, ANIMATED_WEBP, APNG, GIF, SPRITE_SHEET)
    }
)

PAGE_BYTES: Mapping[Quality, int] = MappingProxyType(
    {Quality.DRAFT: 600_000, Quality.STANDARD: 600_000, Quality.BEST: 1_200_000}
)
"""What four seconds of 512² may weigh: a mascot is one of many things on a page."""
LEAST_BYTES = 60_000
"""Below that, nobody minds."""
WIDEST_GRID: Final = 4096
"""Pixels a side of a sprite sheet: what the graphics of a phone take as one texture."""


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


def _grid(width: int, height: int, frames: int) -> tuple[int, int, Cells]:
    """The cells of a grid, as large as they fit, with as few as possible left over."""

    def share(columns: int) -> float:
        rows = math.ceil(frames / columns)
        return min(1.0, WIDEST_GRID / (columns * width), WIDEST_GRID / (rows * height))

    columns = max(
        range(1, frames + 1),
        key=lambda count: (share(count), -(-frames % count), -abs(count - frames / count)),
    )
    fits = share(columns)
    cell_width, cell_height = (max(2, int(side * fits) // 2 * 2) for side in (width, height))
    return cell_width, cell_height, Cells(columns, math.ceil(frames / columns))
