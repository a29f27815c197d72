"""The colours of films from elsewhere, and the filters that bring them to sRGB.

What a film's tags say is obeyed. One without tags has the matrix of BT.709 if its frames have 720
lines or more, as they are stored, and that of BT.601 otherwise, as in Chromium for H.264 and HEVC
(media/ffmpeg/ffmpeg_common.cc); mpv and SDL draw the line at 576 lines, between which and 720
hardly a film lies. The transfers of SDR are shown
as sRGB's is, and BT.601's primaries, which many tag who only mean its matrix, as BT.709's.

Of HDR the reference white of Report ITU-R BT.2408, 203 cd/m², becomes SDR's white, and what is
darker keeps its light. Light above `KNEE` of it is rolled off by the brightest of
the three channels, so that highlights keep their hue and their shading: since that white is
already a diffuse one, only glints and lamps lie above it, and a grey of 400 cd/m² is nearly white.
PQ is read by the EOTF of Recommendation ITU-R BT.2100.

HLG tells the light of the scene (the inverse OETF of BT.2100), which a display shows with a system
gamma of 1.2. BT.2100 applies it to luminance, as Chromium and libplacebo do; Apple's documentation
refers to BT.2100. We apply it in each channel, as zscale does unless `agamma` is off: drawn art
that was made HLG by ffmpeg's usual filters comes back as it was drawn, and an SDR screen, which
shows the HLG signal by its own gamma, has that in each channel too. What it costs: saturated
colours of other films are more saturated than BT.2100 has them. An orange that is (241, 120, 20)
here is (226, 126, 44) by luminance, a CIEDE2000 of 3.4, and no colour of sRGB is farther off than
5; greys are the same either way.

Dolby Vision is read by the HLG, PQ or SDR beneath it.
"""

import re
from dataclasses import dataclass
from typing import Final

from shared.errors import PermanentError
from shared.media import ffmpeg

HD_LINES: Final = 720
REFERENCE_WHITE: Final = 203
"""Of HDR, in cd/m² (BT.2408)."""
PEAK: Final = 1000
"""Up to where highlights are told apart, in cd/m²."""
KNEE: Final = 0.9
"""The share of the reference white above which light is rolled off."""

_TAGS = re.compile(r"color_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)")
_DOLBY = re.compile(r"DOVI configuration record: .*compatibility id: (\d+)")
_BENEATH: Final = {"1": "smpte2084", "2": "bt709", "4": "arib-std-b67", "6": "smpte2084"}
"""The transfer of a film that Dolby Vision was added to, by its compatibility id. Others, such as
profile 5, show false colours without Dolby's own conversion."""
_HDR: Final = frozenset({"smpte2084", "arib-std-b67"})
_PLAIN_MATRICES: Final = frozenset({"bt709", "smpte170m", "bt470bg", "smpte240m", "fcc", "gbr"})
_MATRICES: Final = _PLAIN_MATRICES | {"bt2020nc", "bt2020c", "ycgco", "ictcp"}
_WIDE: Final = frozenset({"bt2020", "smpte431", "smpte432"})
_POWERS: Final = frozenset({"bt470m", "bt470bg", "linear"})
"""Transfers that are not shown as sRGB's is: 2.2, 2.8 and none."""


@dataclass(frozen=True, slots=True)
class FilmColour:
    """How a film's samples are to be read, in ffmpeg's words."""

    matrix: str
    primaries: str
    transfer: str
    full_range: bool

    @property
    def is_hdr(self) -> bool:
        return self.transfer in _HDR

    def filters(self, *, alpha: bool = False) -> str:
        """The filters that bring frames to sRGB's primaries and transfer. They give RGB, with
        `alpha` if asked, or, where only a matrix is to be undone, tagged frames as they came."""
        full = "pc" if self.full_range else "tv"
        tagged = f"setparams=colorspace={self.matrix}:range={full}"
        if self.is_plain:
            return f"{tagged}:color_primaries=bt709:color_trc=bt709"
        letter = "a" if alpha else ""
        # Each step alone: where two change together zscale may take a short cut.
        steps = [
            f"{tagged}:color_primaries={self.primaries}:color_trc={self.transfer}",
            f"zscale=transfer=linear:npl={REFERENCE_WHITE}:matrix=gbr:range=full:agamma=1",
            f"format=gbr{letter}pf32le",
            "zscale=primaries=bt709",
        ]
        if self.is_hdr:
            peak = PEAK / REFERENCE_WHITE
            steps.append(f"tonemap=mobius:param={KNEE}:desat=0:peak={peak:.4f}")
        return ",".join([*steps, "zscale=transfer=iec61966-2-1", f"format=gbr{letter}p"])

    @property
    def is_plain(self) -> bool:
        """Whether only a matrix and a range are to be undone."""
        return (
            self.matrix in _PLAIN_MATRICES
            and self.primaries == "bt709"
            and self.transfer == "iec61966-2-1"
        )


def film_colour(log: str, lines: int) -> FilmColour:
    """The colours of a film of so many lines, by what ffmpeg logs of it: its streams, and one frame
    through the filter `showinfo`.

    Raises `PermanentError`: "film_unsupported" for colours that cannot be shown, and
    "colour_filters_missing" for those that this ffmpeg cannot convert.
    """
    found = _TAGS.findall(log)
    span, matrix, primaries, transfer = found[-1] if found else ("unknown",) * 4
    dolby = _DOLBY.search(log)
    if dolby and dolby[1] not in _BENEATH:
        raise _unsupported("in Dolby Vision without HDR10, HLG or SDR beneath it")
    if transfer == "unknown" and dolby:
        transfer = _BENEATH[dolby[1]]
    if matrix == "unknown":
        wide = primaries == "bt2020" or transfer in _HDR
        matrix = "bt2020nc" if wide else "bt709" if lines >= HD_LINES else "smpte170m"
    if matrix not in _MATRICES:
        raise _unsupported(f"in colours ({matrix}) that cannot be read")
    if primaries == "unknown" and (matrix.startswith("bt2020") or transfer in _HDR):
        primaries = "bt2020"
    colour = FilmColour(
        matrix=matrix,
        primaries=primaries if primaries in _WIDE else "bt709",
        transfer=transfer if transfer in _HDR | _POWERS else "iec61966-2-1",
        full_range=span == "pc" or matrix == "gbr",
    )
    if not colour.is_plain:
        ffmpeg.require_colour_filters()
    return colour


def _unsupported(what: str) -> PermanentError:
    return PermanentError(
        "film_unsupported", f"The film is {what}; export it as SDR (BT.709), HLG or HDR10."
    )
