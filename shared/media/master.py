"""The master of a film: the H.264 that all other formats are made of, written anew.

It is encoded so fine that one more generation is not seen, and keeps its key colour flat.
"""

from pathlib import Path

import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, alpha, ffmpeg
from shared.media.formats import SPACE, TAGS
from shared.media.probe import probe_film

# The quick conversion is two levels off.
_EXACT = "bicubic+accurate_rnd+full_chroma_int"
DECODE_RGB = ("-sws_flags", _EXACT)
_H264 = ("-c:v", "libx264", "-preset", "medium", "-tune", "animation", "-crf", "8")
_ENCODE = (
    *_H264,
    *("-pix_fmt", "yuv420p", *TAGS, "-color_range", "tv", "-movflags", "+faststart"),
)
ENCODE_RGB = (
    *("-vf", f"{SPACE},scale=out_color_matrix=bt709:out_range=tv:flags={_EXACT},format=yuv420p"),
    *_ENCODE,
)
ENCODE_YUV = (
    "-vf",
    # What does not say which colours it means would be converted once more.
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv",
    *_ENCODE,
)
"""For rgb24 as `DECODE_RGB` reads it, and for yuv420p as it is in a master."""
ENCODE_ALPHA = (*_H264, "-pix_fmt", "gray", "-color_range", "pc")
"""For grey as it is in the alpha of a master."""
_JOIN = ("-c", "copy", "-map", "0:v:0", "-map", "1:v:0", "-movflags", "+faststart", "-f", "mp4")


def reverse(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Write the film in `source` backwards, with as many frames at the same rate, and with the
    alpha that it carries (`alpha`).

    The frames are not converted to RGB and back: what is lost is what encoding them once more
    loses. They lie on disk beside `target` meanwhile, 0.4 MB for each of 512², and one at a time is
    in memory. Raises `PermanentError("unreadable_film")` and as `ffmpeg.read_frames` does.
    """
    if not alpha.is_carried(source):
        _reverse_stream(source, target, 0, progress)
        return
    colours, alphas = (target.with_suffix(f".{name}.mp4") for name in ("colour", "alpha"))
    try:
        _reverse_stream(source, colours, 0, progress and (lambda share: progress(share / 2)))
        _reverse_stream(
            source, alphas, alpha.STREAM, progress and (lambda share: progress(0.5 + share / 2))
        )
        inputs = [ffmpeg.opening(path) for path in (colours, alphas)]
        ffmpeg.run((*inputs[0], *inputs[1], *_JOIN, "-y", ffmpeg.url(target)))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        colours.unlink(missing_ok=True)
        alphas.unlink(missing_ok=True)


def _reverse_stream(
    source: Path, target: Path, stream: int, progress: Progress | None = None
) -> None:
    """Write one stream of a master backwards, as a film of its own: the colours, or alpha."""
    film = probe_film(source, stream=stream)
    pixels, encode = ("gray", ENCODE_ALPHA) if stream == alpha.STREAM else ("yuv420p", ENCODE_YUV)
    store = target.with_suffix(".yuv")
    try:
        with (
            store.open("wb") as stored,
            ffmpeg.read_frames(
                source, film.width, film.height, pixels=pixels, stream=stream, strict=True
            ) as frames,
        ):
            count = 0
            for frame in frames:
                stored.write(frame.data)
                count += 1
        if count != film.frames:
            raise PermanentError(
                "unreadable_film", f"{source.name} has {count} frames of {film.frames}"
            )
        shape = ffmpeg.shape(pixels, film.width, film.height)
        with (
            store.open("rb") as stored,
            ffmpeg.write_frames(
                target, film.width, film.height, film.fps, encode, pixels=pixels
            ) as write,
        ):
            frame = np.empty(shape, np.uint8)
            for done in range(1, count + 1):
                stored.seek((count - done) * frame.nbytes)
                stored.readinto(frame.data)
                write(frame)
                if progress:
                    progress(done / count)
    finally:
        store.unlink(missing_ok=True)
