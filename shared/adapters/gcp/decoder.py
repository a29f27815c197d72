"""The Decoder port by the function `decode`, which alone decodes what strangers send, and whose
account may do nothing else.

A picture goes there in the request and comes back in the answer. A film is fetched from, and its
master sent to, URLs that are signed for exactly these two objects. What comes back is trusted no
more than the file itself: sizes are read from the PNG and asked of the store, and facts are checked
for type and range. (All of it describes that one file, and stays with the workspace that sent it.)
"""

import logging
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import urllib3
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from shared.adapters.gcp.blobs import StorageBlobs
from shared.adapters.system import SystemClock
from shared.errors import (
    BadRequest,
    Busy,
    DecoderLost,
    MascotryError,
    NotFound,
    PermanentError,
    StepError,
    TransientError,
)
from shared.ports import MAX_MASTER, Bucket, Clock, ImportedFilm

CONNECT: Final = 5.0
PICTURE_SECONDS: Final = 90.0
"""For a picture, there and back: less than the queue `upload` waits."""
FILM_SECONDS: Final = 700.0
"""For a film: more than `decode` may take, less than the lease of the step `intake`."""
MAX_PNG: Final = 200_000_000
"""Bytes of the largest picture that is taken back."""
MAX_ANSWER: Final = 200_000
"""Bytes of facts."""
MAX_SIDE: Final = 65_535
OCCUPIED: Final = (401, 403, 404, 408, 429)
"""What Cloud Run answers in place of a function that has no room, or may not be asked (yet)."""
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

_log = logging.getLogger(__name__)


class DecodeFunction:
    """Asks the function at `address` with a token of this process's own account. May be used from
    any thread."""

    def __init__(
        self,
        address: str,
        token: Callable[[], str],
        store: StorageBlobs,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._address = address
        self._token = token
        self._store = store
        self._clock = clock or SystemClock()
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=8)

    def moves(self, content: bytes) -> bool:
        with self._waiting(), self._asked("moves", content, PICTURE_SECONDS) as answer:
            return _parsed(_Moves, answer).moves

    def picture(
        self, source: bytes | Path, target: Path, *, side: int | None = None
    ) -> tuple[int, int]:
        content = source if isinstance(source, bytes) else source.read_bytes()
        wanted = "picture" if side is None else f"picture?side={side}"
        with self._waiting(), self._asked(wanted, content, PICTURE_SECONDS) as answer:
            return answer.save(target)

    def film(self, upload: str, master: str) -> ImportedFilm:
        if self._store.stat(Bucket.UPLOADS, upload) is None:
            raise NotFound(f"there is no {upload!r} in {Bucket.UPLOADS}")
        before = self._store.stat(Bucket.WORK, master)
        expires_at = self._clock.now() + timedelta(seconds=FILM_SECONDS)
        target = self._store.sign_put(
            Bucket.WORK,
            master,
            content_type="video/mp4",
            expires_at=expires_at,
            max_bytes=MAX_MASTER,
            # Of two that decode one film, the slower one cannot replace what was committed.
            if_generation=before.generation if before else 0,
        )
        order = {
            "source": self._store.sign_get(Bucket.UPLOADS, upload, expires_at=expires_at),
            "target": {"url": target.url, "headers": dict(target.headers)},
        }
        with self._asked("film", order, FILM_SECONDS) as answer:
            film = _parsed(_Film, answer).imported()
        after = self._store.stat(Bucket.WORK, master)
        if after is None or after.size != film.bytes:
            raise _failed("The film was not written as it was told.")
        return film

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """For a picture: who waits for it is told to come back, who has it in a queue counts."""
        try:
            yield
        except StepError as error:
            raise DecoderLost("The picture cannot be looked at now; try again.") from error

    @contextmanager
    def _asked(
        self, path: str, body: bytes | dict[str, Any], seconds: float
    ) -> Iterator["_Answer"]:
        """What `decode` answers with 200; its refusals are raised as it raised them."""
        deadline = time.monotonic() + seconds
        sent: dict[str, Any] = {"json": body} if isinstance(body, dict) else {"body": body}
        headers = {"Authorization": f"Bearer {self._token()}"}
        if isinstance(body, bytes):
            headers["Content-Type"] = "application/octet-stream"
        try:
            response = self._pool.request(
                "POST",
                f"{self._address}/{path}",
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT, read=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
                **sent,
            )
            answer = _Answer(response, deadline)
            try:
                if response.status != 200:
                    _raise(answer)
                yield answer
            except BaseException:
                response.close()
                raise
            response.release_conn()
        except HTTPError as error:
            _log.warning("the decoder is out of reach", extra={"reason": type(error).__name__})
            raise Busy("The file cannot be looked at now; try again.") from error


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer whose body is read within a time and a size."""

    response: BaseHTTPResponse
    deadline: float

    def pieces(self, most: int) -> Iterator[bytes]:
        size = 0
        # As much as there is at a time, so that a trickle meets the deadline; nothing is unpacked.
        while piece := self.response.read1(1 << 16, decode_content=False):
            size += len(piece)
            if size > most or time.monotonic() > self.deadline:
                raise _failed("It answered too much, or too slowly.")
            yield piece

    def text(self) -> bytes:
        return b"".join(self.pieces(MAX_ANSWER))

    def save(self, target: Path) -> tuple[int, int]:
        """Write the PNG that was answered; its (width, height)."""
        with target.open("wb") as file:
            for piece in self.pieces(MAX_PNG):
                file.write(piece)
        with target.open("rb") as file:
            head = file.read(len(SIGNATURE) + 8)
        if not head.startswith(SIGNATURE) or len(head) < len(SIGNATURE) + 8:
            raise _failed("It answered no picture.")
        width, height = struct.unpack(">II", head[len(SIGNATURE) :])
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise _failed("It answered no picture.")
        return width, height


Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Level = Annotated[int, Field(ge=0, le=255)]
Colour = tuple[Level, Level, Level]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


F = TypeVar("F", bound=_Facts)


class _Moves(_Facts):
    moves: bool


class _Film(_Facts):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=1, le=MAX_MASTER)]
    width: Side
    height: Side
    frames: Annotated[int, Field(ge=1, le=100_000)]
    fps: Annotated[float, Field(gt=0, le=1000)]
    duration: Annotated[float, Field(gt=0, le=10_000)]
    source: dict[str, Any]
    background: Colour | None
    palette: Annotated[tuple[Colour, ...], Field(max_length=64)]
    verification: dict[str, Any]

    def imported(self) -> ImportedFilm:
        return ImportedFilm(**{name: getattr(self, name) for name in type(self).model_fields})


class _Fault(_Facts):
    """A refusal, as `functions.decode` puts it."""

    kind: str
    message: Annotated[str, Field(max_length=2000)]
    reason: Annotated[str, Field(max_length=100)] = ""

    def error(self) -> MascotryError:
        match self.kind:
            case "bad_request":
                return BadRequest(self.message, field="file")
            case "permanent":
                return PermanentError(self.reason, self.message)
            case "transient":
                return TransientError(self.reason, self.message)
            case _:
                return _failed("It answered something strange.")


def _parsed(model: type[F], answer: _Answer) -> F:
    try:
        return model.model_validate_json(answer.text())
    except ValidationError as error:
        _log.error("the decoder answered something strange", extra={"reason": str(error)[:500]})
        raise _failed("It answered something strange.") from error


def _raise(answer: _Answer) -> None:
    """Raise what a status other than 200 says.

    What the function refused is typed. What the platform answers says either that there is no room
    now, or that an instance did not survive the file, which counts as a try of the step.
    """
    status = answer.response.status
    if status == 422:
        raise _parsed(_Fault, answer).error()
    _log.warning("the decoder did not answer", extra={"status": status})
    if status in OCCUPIED:
        raise Busy("The file cannot be looked at now; try again.")
    raise _failed("An instance did not survive the file, or it took too long.")


def _failed(reason: str) -> TransientError:
    """A fault that counts as a try of the step: the file may be what causes it."""
    return TransientError("decoder_failed", f"The file could not be decoded. {reason}")
