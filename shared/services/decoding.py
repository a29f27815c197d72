"""Decoding of untrusted pictures and films, in this process.

On Google Cloud only the function `decode` does this, whose account has no rights; every other
function asks it (`shared.adapters.gcp.decoder`). On one machine each process does it itself.

What decodes is imported when it is needed: most processes only hold a `LocalDecoder`.
"""

import hashlib
import logging
import tempfile
from pathlib import Path

from shared.errors import PermanentError, StepError, TransientError
from shared.ports import Blobs, Bucket, ImportedFilm

log = logging.getLogger(__name__)


def moves(content: bytes) -> bool:
    """Whether a picture has more than one frame; False for what cannot be read."""
    from shared.media import stills

    return stills.moves(content)


def clean_picture(
    source: bytes | Path, target: Path, *, side: int | None = None
) -> tuple[int, int]:
    """Write a picture anew, as `shared.ports.Decoder.picture` says; gives (width, height)."""
    from shared.media import stills

    if side is None:
        return stills.reencode(source, target)
    return stills.shrink(source, target, side)


def import_film(source: Path, target: Path) -> ImportedFilm:
    """Write the film `source` to `target` as a master, and measure it. Faults as
    `shared.ports.Decoder.film` says."""
    try:
        return _import_film(source, target)
    except (StepError, OSError):
        raise
    except MemoryError as error:
        raise TransientError("decoder_failed", "The film takes too much memory.") from error
    except Exception as error:
        # It would not pass, and the film may be made to bring it about.
        log.exception("a film could not be decoded")
        raise PermanentError("film_unsupported", "The film could not be decoded.") from error


def _import_film(source: Path, target: Path) -> ImportedFilm:
    from shared.media import foreign
    from shared.media.verify import verify_film
    from shared.media.worn import colours_worn

    taken = foreign.take_in(source, target)
    film = taken.master
    checked = verify_film(
        target, None, (film.width, film.height), film.frames, float(film.fps), alpha_expected=False
    )
    with target.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return ImportedFilm(
        sha256=sha256,
        bytes=target.stat().st_size,
        width=film.width,
        height=film.height,
        frames=film.frames,
        fps=float(film.fps),
        duration=film.duration,
        source=taken.as_dict(),
        background=taken.background,
        palette=() if taken.alpha else tuple(colours_worn(target, film)),
        verification=checked.as_dict(),
    )


class LocalDecoder:
    """The Decoder port in this process: for the embedded stack and for tests."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def moves(self, content: bytes) -> bool:
        return moves(content)

    def picture(
        self, source: bytes | Path, target: Path, *, side: int | None = None
    ) -> tuple[int, int]:
        return clean_picture(source, target, side=side)

    def film(self, upload: str, master: str) -> ImportedFilm:
        with tempfile.TemporaryDirectory(prefix="mascotry-") as name:
            source, target = Path(name) / "film", Path(name) / "master.mp4"
            self._blobs.download(Bucket.UPLOADS, upload, source)
            film = import_film(source, target)
            self._blobs.put(Bucket.WORK, master, target, content_type="video/mp4")
        return film
