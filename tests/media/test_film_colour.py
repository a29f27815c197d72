"""Films of every colour space become what they show, on both ways in.

The samples are computed here by the formulas of the recommendations, without ffmpeg.
"""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.media import ffmpeg, foreign
from shared.media.film_colour import film_colour
from shared.media.master import DECODE_RGB
from shared.media.probe import probe_film
from shared.media.style.colour import delta_e, to_lab
from shared.providers.square import square_film
from tests.providers.wire.material import video_request

Floats = NDArray[np.float64]
COLOURS = np.array(
    [(240, 120, 20), (20, 120, 240), (40, 160, 70), (200, 30, 90), (250, 240, 60), (128, 128, 128)],
    np.uint8,
)
STRIPE = 16
SIDE = STRIPE * len(COLOURS)
"""Of the square in the middle, a stripe of each colour side by side."""
TO_BT2020 = [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
"""From BT.709 in linear light (Recommendation ITU-R BT.2087)."""
TO_P3 = [[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]]
"""The same to Display P3, whose white is BT.709's too."""
LUMA = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}
"""The shares of red and blue."""
HD = (SIDE, 720)

Intake = Callable[[Path, Path], Any]


def light(colours: NDArray[np.uint8]) -> Floats:
    """Linear light of sRGB's levels (IEC 61966-2-1)."""
    share = colours / 255
    linear: Floats = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear


def curve(linear: Floats) -> Floats:
    """The signal of sRGB for linear light."""
    signal: Floats = np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return signal


def pq(nits: Floats) -> Floats:
    """The inverse EOTF of PQ (Recommendation ITU-R BT.2100, table 4)."""
    power = (nits / 10000) ** (2610 / 16384)
    signal: Floats = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    return signal


def hlg(nits: Floats) -> Floats:
    """The OETF of HLG (the same, table 5) of the scene's light, which a gamma of 1.2 in each
    channel shows as so many nits on a display of 1,000."""
    scene = (nits / 1000) ** (1 / 1.2)
    a = 0.17883277
    b = 1 - 4 * a
    c = 0.5 - a * np.log(4 * a)
    bright = a * np.log(np.maximum(12 * scene - b, 1e-9)) + c
    signal: Floats = np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
    return signal


def wide(matrix: list[list[float]]) -> Floats:
    """The colours in linear light of other primaries."""
    linear: Floats = np.clip(light(COLOURS) @ np.array(matrix).T, 0, 1)
    return linear


def signals() -> dict[str, Floats]:
    """R'G'B' of the colours, 0 to 1, by how a film may hold them."""
    nits = wide(TO_BT2020) * 203  # the reference white of Report ITU-R BT.2408
    return {
        "srgb": COLOURS / 255,
        "bt2020": curve(wide(TO_BT2020)),
        "p3": curve(wide(TO_P3)),
        "pq": pq(nits),
        "hlg": hlg(nits),
    }


def film(
    path: Path,
    signal: Floats,
    matrix: str = "bt709",
    *,
    size: tuple[int, int] = (SIDE, SIDE),
    bits: int = 8,
    full: bool = False,
    tags: str = "",
) -> Path:
    """A film of stripes, whose samples are those of `signal`, in 4:2:0 and nearly without loss."""
    red, blue = LUMA[matrix]
    luma = signal @ (red, 1 - red - blue, blue)
    planes = [luma]
    planes += [(signal[:, 2] - luma) / 2 / (1 - blue), (signal[:, 0] - luma) / 2 / (1 - red)]
    unit, step = 1 << (bits - 8), (1 << bits) - 1
    ranges = [(step, 0), *[(step, 128 * unit)] * 2] if full else [(219 * unit, 16 * unit)]
    ranges += [(224 * unit, 128 * unit)] * 2
    width, height = size
    frame = b""
    for number, (plane, (gain, offset)) in enumerate(zip(planes, ranges, strict=False)):
        half = 1 + (number > 0)
        row = np.repeat(np.clip(np.rint(plane * gain + offset), 0, step), STRIPE // half)
        kind = np.uint8 if bits == 8 else np.uint16
        frame += np.tile(row.astype(kind), (height // half, 1)).tobytes()
    raw = path.with_suffix(".yuv")
    raw.write_bytes(frame * 12)
    pixels = "yuv420p" if bits == 8 else f"yuv420p{bits}le"
    given = ("-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", "24")
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "1")
    # The filter says what the frames are; nothing is converted.
    marked = ("-vf", f"setparams=range={'pc' if full else 'tv'}{tags}")
    ffmpeg.run((*given, "-i", str(raw), *marked, *codec, "-y", str(path)))
    return path


def tags(matrix: str, primaries: str, transfer: str) -> str:
    return f":colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}"


def imported(source: Path, target: Path) -> None:
    foreign.take_in(source, target)


def provided(source: Path, target: Path) -> None:
    request = video_request(source.parent, duration=0.5, size=SIDE)
    square_film(source, target, request, (SIDE, SIDE), ended=False)


BOTH = pytest.mark.parametrize("intake", [imported, provided])


def shown(path: Path) -> NDArray[np.uint8]:
    """The colour in the middle of each stripe of a master."""
    master = probe_film(path)
    with ffmpeg.read_frames(path, master.width, master.height, select=DECODE_RGB) as frames:
        frame = list(frames)[3]
    colours: NDArray[np.uint8] = frame[frame.shape[0] // 2, STRIPE // 2 :: STRIPE]
    return colours


def error(source: Path, intake: Intake, true: NDArray[np.uint8] = COLOURS) -> float:
    """The largest CIEDE2000 of what a film has become."""
    target = source.with_name("master.mp4")
    intake(source, target)
    return float(delta_e(to_lab(shown(target)), to_lab(true)).max())


@BOTH
@pytest.mark.parametrize(
    ("size", "matrix"),
    [(HD, "bt709"), ((SIDE, 718), "smpte170m"), ((SIDE, SIDE), "smpte170m")],
)
def test_a_film_without_tags_is_read_by_its_lines(
    tmp_path: Path, intake: Intake, size: tuple[int, int], matrix: str
) -> None:
    source = film(tmp_path / "x.mp4", signals()["srgb"], matrix, size=size)
    assert error(source, intake) <= 2


def test_lines_are_counted_before_a_film_is_turned_upright(tmp_path: Path) -> None:
    plain = film(tmp_path / "x.mp4", signals()["srgb"], "bt709", size=HD)
    turned = tmp_path / "turned.mp4"
    ffmpeg.run(("-display_rotation", "180", "-i", str(plain), "-c", "copy", "-y", str(turned)))
    assert error(turned, imported, COLOURS[::-1]) <= 2


@BOTH
@pytest.mark.parametrize(
    ("matrix", "tagged", "options"),
    [
        ("bt709", tags("bt709", "bt709", "bt709"), {}),
        ("smpte170m", tags("smpte170m", "bt709", "bt709"), {"size": HD}),
        ("smpte170m", tags("smpte170m", "smpte170m", "smpte170m"), {"size": HD}),
        ("bt709", ":colorspace=bt709", {}),
        ("bt709", tags("bt709", "bt709", "iec61966-2-1"), {}),
        ("smpte170m", "", {"full": True}),
        ("bt709", "", {"full": True, "size": HD}),
        ("bt709", tags("bt709", "bt709", "bt709"), {"bits": 10}),
        ("bt709", "", {"bits": 10, "full": True, "size": HD}),
    ],
)
def test_tags_range_and_depth_are_obeyed(
    tmp_path: Path, intake: Intake, matrix: str, tagged: str, options: dict[str, Any]
) -> None:
    source = film(tmp_path / "x.mp4", signals()["srgb"], matrix, tags=tagged, **options)
    assert error(source, intake) <= 2


@BOTH
@pytest.mark.parametrize(
    ("kind", "matrix", "tagged", "bits"),
    [
        ("bt2020", "bt2020nc", tags("bt2020nc", "bt2020", "bt2020-10"), 10),
        ("bt2020", "bt2020nc", ":colorspace=bt2020nc", 10),
        ("p3", "bt709", tags("bt709", "smpte432", "bt709"), 8),
        ("pq", "bt2020nc", tags("bt2020nc", "bt2020", "smpte2084"), 10),
        ("pq", "bt2020nc", ":color_trc=smpte2084", 10),
        ("hlg", "bt2020nc", tags("bt2020nc", "bt2020", "arib-std-b67"), 10),
    ],
)
def test_wide_gamut_and_hdr_become_sdr(
    tmp_path: Path, intake: Intake, kind: str, matrix: str, tagged: str, bits: int
) -> None:
    source = film(tmp_path / "x.mp4", signals()[kind], matrix, bits=bits, tags=tagged)
    assert error(source, intake) <= 2


def test_highlights_keep_their_shading_and_white_stays_white(tmp_path: Path) -> None:
    nits = np.array([100, 203, 400, 600, 800, 1000], np.float64)[:, None].repeat(3, axis=1)
    source = film(
        tmp_path / "x.mp4",
        pq(nits),
        "bt2020nc",
        bits=10,
        tags=tags("bt2020nc", "bt2020", "smpte2084"),
    )
    target = tmp_path / "master.mp4"
    imported(source, target)
    found = shown(target).astype(int)
    assert np.ptp(found, axis=1).max() <= 1
    assert abs(found[0, 0] - 255 * curve(np.array(100 / 203))) <= 1
    white = delta_e(to_lab(found[1].astype(np.uint8)), to_lab(np.array([255] * 3, np.uint8)))
    assert white <= 2
    assert (np.diff(found[:, 0]) >= 0).all()
    assert found[1, 0] < found[2, 0] < found[3, 0]


def test_a_film_with_alpha_is_converted_too(tmp_path: Path) -> None:
    """ProRes 4444 in Display P3: opaque stripes on the left, nothing on the right."""
    stripes = film(tmp_path / "p3.mp4", signals()["p3"], bits=8)
    source = tmp_path / "x.mov"
    clear = "format=yuva444p10le,geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='if(lt(X,80),1023,0)'"
    marked = f"setparams=range=tv{tags('bt709', 'smpte432', 'bt709')}"
    codec = ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le")
    named = ("-colorspace", "bt709", "-color_primaries", "smpte432", "-color_trc", "bt709")
    ffmpeg.run(("-i", str(stripes), "-vf", f"{clear},{marked}", *codec, *named, "-y", str(source)))
    target = tmp_path / "master.mp4"
    taken = foreign.take_in(source, target)
    assert taken.alpha
    assert delta_e(to_lab(shown(target)[:4]), to_lab(COLOURS[:4])).max() <= 2


def _dolby(path: Path, profile: int, compatibility: int) -> Path:
    """Put Dolby Vision's box (version 1, level 6, with a base layer) behind what describes the
    samples; the boxes around it grow."""
    data = path.read_bytes()
    bits = profile << 9 | 6 << 3 | 0b101
    box = struct.pack(">I4sBBHB19x", 32, b"dvvC", 1, 0, bits, compatibility << 4)
    start = data.index(b"moov") - 8
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        start = data.index(name, start) - 4
        (length,) = struct.unpack_from(">I", data, start)
        data = data[:start] + struct.pack(">I", length + len(box)) + data[start + 4 :]
    end = start + length
    path.write_bytes(data[:end] + box + data[end:])
    return path


@pytest.mark.parametrize("tagged", [tags("bt2020nc", "bt2020", "arib-std-b67"), ""])
def test_dolby_vision_is_read_by_the_film_beneath_it(tmp_path: Path, tagged: str) -> None:
    source = film(tmp_path / "x.mp4", signals()["hlg"], "bt2020nc", bits=10, tags=tagged)
    assert error(_dolby(source, 8, 4), imported) <= 2


def test_dolby_vision_alone_is_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "x.mp4", signals()["pq"], "bt2020nc", bits=10)
    with pytest.raises(PermanentError, match=r"Dolby Vision.*SDR") as refused:
        foreign.take_in(_dolby(source, 5, 0), tmp_path / "master.mp4")
    assert refused.value.reason == "film_unsupported"


def test_colours_that_cannot_be_read_are_refused() -> None:
    log = "color_range:tv color_space:ipt-c2 color_primaries:bt2020 color_trc:smpte2084"
    with pytest.raises(PermanentError, match="ipt-c2"):
        film_colour(log, 1080)


# --- an ffmpeg that cannot -----------------------------------------------------------------------

PQ = "color_range:tv color_space:bt2020nc color_primaries:bt2020 color_trc:smpte2084"
HD_SDR = "color_range:tv color_space:bt709 color_primaries:bt709 color_trc:bt709"


@pytest.fixture
def without_zscale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ffmpeg that only lists its filters, one of which is needed."""
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho ' ... tonemap           V->V       Conversion.'\n")
    script.chmod(0o755)
    monkeypatch.setattr(ffmpeg, "binary", lambda: str(script))
    ffmpeg.require_colour_filters.cache_clear()
    yield
    ffmpeg.require_colour_filters.cache_clear()


@pytest.mark.usefixtures("without_zscale")
def test_an_ffmpeg_without_the_filters_is_told_at_the_first_film_that_needs_them() -> None:
    assert film_colour(HD_SDR, 1080).is_plain
    for _ in range(2):
        with pytest.raises(PermanentError) as refused:
            film_colour(PQ, 1080)
        assert refused.value.reason == "colour_filters_missing"
        assert "has no filter zscale, without which films in HDR" in refused.value.message
        assert "imageio-ffmpeg>=0.8.1" in refused.value.message


def test_the_filters_are_there_here() -> None:
    ffmpeg.require_colour_filters.cache_clear()
    ffmpeg.require_colour_filters()
