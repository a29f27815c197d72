"""The master of a film: the H.264 that all other formats are made of, written anew.

It is encoded so fine that one more generation is not seen, and keeps its key colour flat.
"""

from pathlib import Path

import numpy as np

from shared.errors import PermanentError
from shared.media import Progress, ffmpeg
from shared.media.formats import SPACE, TAGS
from shared.media.probe import probe_film

# The quick conversion is two levels off.
_EXACT = "bicubic+accurate_rnd+full_chroma_int"
DECODE_RGB = ("-sws_flags", _EXACT)
_ENCODE = (
    *("-c:v", "libx264", "-preset", "medium", "-tune", "animation", "-crf", "8"),
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


def reverse(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Write the film in `source` backwards, with as many frames at the same rate.

    The frames are not converted to RGB and back: what is lost is what encoding them once more
    loses. They lie on disk beside `target` meanwhile, 0.4 MB for each of 512², and one at a time is
    in memory. Raises `PermanentError("unreadable_film")` and as `ffmpeg.read_frames` does.
    """
    film = probe_film(source)
    store = target.with_suffix(".yuv")
    try:
        with (
            store.open("wb") as stored,
            ffmpeg.read_frames(
                source, film.width, film.height, pixels="yuv420p", strict=True
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
        shape = ffmpeg.shape("yuv420p", film.width, film.height)
        with (
            store.open("rb") as stored,
            ffmpeg.write_frames(
                target, film.width, film.height, film.fps, ENCODE_YUV, pixels="yuv420p"
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
