"""The Blobs port on Cloud Storage, by Google's own client.

Every write carries the generation that it expects, also when the caller wants none in particular.
So whatever an answer got lost of can be repeated without harm, and is. A repeated write may find
that the first one was done after all: the store then refuses it, and what is there tells.

`etag` is the MD5 of the content, which is also what the store and its CDN answer to readers; of an
object that somebody composed, which has none, it is the CRC32C and the size.
"""

import base64
import hashlib
import io
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.credentials import Credentials
from google.cloud.storage import Client  # type: ignore[import-untyped]

from shared.adapters.cursor import decode_cursor, encode_cursor
from shared.adapters.gcp.calls import about, absent, changed, contended, faults, repeating
from shared.adapters.gcp.cdn import CloudCdn
from shared.adapters.gcp.signing import signing_credentials
from shared.adapters.naming import is_name, require_name
from shared.adapters.system import SystemClock
from shared.errors import Busy, Conflict, NotFound
from shared.ports import MAX_UPLOAD, Blob, Bucket, Clock, Page, SignedUpload

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and to wait for each further piece of an answer."""
CHUNK = 8 << 20
"""What a large upload sends at once, and holds in memory; smaller contents take one request."""
LONGEST = timedelta(days=7)
"""How long a V4 signature can last."""
_ROUNDS = 10  # of looking again at what others change at the same time

_PRIVATE = "private, no-store"
_UNKNOWN = "application/octet-stream"
_LOST_STATUS = (404, 410)  # of a resumable upload that the store has forgotten

_log = logging.getLogger(__name__)

_Write = Callable[[int, Retry], Any]


class StorageBlobs:
    """Objects in three buckets. May be used from any thread.

    Busy when the store is out of reach; a malformed name for a new object is a ValueError.
    """

    def __init__(
        self,
        project: str,
        buckets: Mapping[Bucket, str],
        *,
        cdn_url: str | None,
        cdn: CloudCdn | None = None,
        credentials: Credentials | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`cdn_url` is the address that ASSETS is served at, the store's own without it, and `cdn`
        what forgets there.

        `credentials` sign upload URLs; without any, the account that the process runs as does,
        which needs to be a service account that may sign in its own name.
        """
        self._project = project
        self._names = dict(buckets)
        self._public = cdn_url or f"https://storage.googleapis.com/{buckets[Bucket.ASSETS]}"
        self._cdn = cdn
        self._given = credentials
        self._clock = clock or SystemClock()

    def put(
        self,
        bucket: Bucket,
        name: str,
        source: bytes | Path,
        *,
        content_type: str,
        cache_control: str = _PRIVATE,
        metadata: Mapping[str, str] | None = None,
        if_generation: int | None = None,
    ) -> Blob:
        require_name(name)
        with _opened(source) as stream:
            md5 = hashlib.file_digest(stream, _md5).digest()
            size = stream.seek(0, os.SEEK_END)
            wanted = _Wanted(content_type, cache_control, dict(metadata or {}), md5.hex())

            def write(expected: int, retry: Retry) -> Any:
                target = self._target(bucket, name, wanted)
                # The store compares, before the object is there.
                target.md5_hash = base64.b64encode(md5).decode()
                stream.seek(0)
                try:
                    target.upload_from_file(
                        stream,
                        size=size,
                        content_type=content_type,
                        if_generation_match=expected,
                        timeout=TIMEOUT,
                        checksum=None,
                        retry=retry,
                    )
                except exceptions.GoogleAPICallError as error:
                    if error.code in _LOST_STATUS:
                        raise exceptions.Aborted("unknown") from None  # type: ignore[no-untyped-call]
                    raise
                return target

            with faults("put", bucket, name):
                blob = self._write(bucket, name, if_generation, write, lambda: wanted)
        if blob.etag != wanted.etag:
            self._damaged(blob)
        return blob

    def copy(
        self,
        source: tuple[Bucket, str],
        target: tuple[Bucket, str],
        *,
        content_type: str,
        cache_control: str,
        metadata: Mapping[str, str] | None = None,
        if_generation: int | None = None,
    ) -> Blob:
        require_name(target[1])
        if not is_name(source[1]):
            raise absent(*source)
        wanted = _Wanted(content_type, cache_control, dict(metadata or {}))
        origin = self._bucket(source[0]).blob(source[1])

        def write(expected: int, retry: Retry) -> Any:
            made = self._target(*target, wanted)
            token: str | None = None
            while True:  # a large object takes several rounds
                token, _, _ = made.rewrite(
                    origin, token, if_generation_match=expected, timeout=TIMEOUT, retry=retry
                )
                if token is None:
                    return made

        def of_source() -> _Wanted | None:
            there = self.stat(*source)
            return wanted.of(there.etag) if there else None

        with faults("copy", *source):
            return self._write(*target, if_generation, write, of_source)

    def stat(self, bucket: Bucket, name: str) -> Blob | None:
        if not is_name(name):
            return None
        with faults("stat", bucket, name):
            found = self._bucket(bucket).get_blob(name, timeout=TIMEOUT, retry=repeating())
        return _blob(bucket, found) if found else None

    def read(self, bucket: Bucket, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"not a range of bytes: {start} to {end}")
        if not is_name(name) or (start == end and self.stat(bucket, name) is None):
            raise absent(bucket, name)
        if start == end:
            return b""
        whole = start == 0 and end is None
        with faults("read", bucket, name), suppress(exceptions.RequestRangeNotSatisfiable):
            content: bytes = (
                self._bucket(bucket)
                .blob(name)
                .download_as_bytes(
                    start=None if whole else start,
                    end=None if end is None else end - 1,
                    raw_download=True,
                    timeout=TIMEOUT,
                    checksum="md5" if whole else None,  # the store's is of the whole
                    retry=repeating(),
                )
            )
            return content
        return b""  # it ends before the range begins

    def download(self, bucket: Bucket, name: str, destination: Path) -> Blob:
        for _ in range(_ROUNDS):
            blob = self.stat(bucket, name)
            if blob is None:
                raise absent(bucket, name)
            with suppress(NotFound):  # replaced since we looked
                self._fetch(blob, destination)
                return blob
        raise contended()

    def delete(self, bucket: Bucket, name: str, *, if_generation: int | None = None) -> bool:
        for _ in range(_ROUNDS):
            there = self.stat(bucket, name)
            if if_generation not in (None, there.generation if there else 0):
                raise changed(bucket, name)
            if there is None:
                return False
            failures: list[Exception] = []
            try:
                self._delete(there, repeating(failures))
            except (Conflict, NotFound):
                if not failures:
                    continue  # somebody else was faster
            return True  # if an answer got lost, what we saw is gone in any case
        raise contended()

    def forget(self, names: Sequence[str]) -> None:
        if self._cdn:
            self._cdn.forget(names)

    def list(
        self, bucket: Bucket, prefix: str, *, limit: int, cursor: str | None = None
    ) -> Page[Blob]:
        query = (str(bucket), prefix)
        after = "" if cursor is None else decode_cursor(query, cursor)[0]
        with faults("list", bucket, prefix):
            found = self._client.list_blobs(
                self._names[bucket],
                prefix=prefix,
                start_offset=after or None,  # which is itself among what comes
                max_results=limit + 2,
                fields="items(name,generation,size,md5Hash,crc32c,contentType,cacheControl,"
                "metadata,updated),nextPageToken",
                timeout=TIMEOUT,
                retry=repeating(),
            )
            blobs = [_blob(bucket, one) for one in found if not after or one.name > after]
        if len(blobs) <= limit:
            return Page(blobs, None)
        return Page(blobs[:limit], encode_cursor(query, [blobs[limit - 1].name]))

    def public_url(self, name: str) -> str:
        return f"{self._public}/{quote(name)}"

    def upload_url(
        self, name: str, *, content_type: str, expires_at: datetime, max_bytes: int = MAX_UPLOAD
    ) -> SignedUpload:
        """ValueError unless the time is ahead, by at most seven days."""
        require_name(name)
        if not timedelta() < expires_at - self._clock.now() <= LONGEST:
            raise ValueError(
                f"expires_at must be ahead, by at most {LONGEST.days} days; "
                f"it is {expires_at.isoformat()}"
            )
        return self.sign_put(
            Bucket.UPLOADS,
            name,
            content_type=content_type,
            expires_at=expires_at,
            max_bytes=max_bytes,
            if_generation=0,
        )

    def sign_put(
        self,
        bucket: Bucket,
        name: str,
        *,
        content_type: str,
        expires_at: datetime,
        max_bytes: int,
        if_generation: int,
    ) -> SignedUpload:
        """A signed URL that takes one object, of that type and at most that size, where the object
        is at `if_generation`; so it works once."""
        headers = {
            "Content-Type": content_type,
            "x-goog-content-length-range": f"0,{max_bytes}",
            "x-goog-if-generation-match": str(if_generation),
        }
        return SignedUpload(self._signed("PUT", bucket, name, expires_at, headers), headers)

    def sign_get(self, bucket: Bucket, name: str, *, expires_at: datetime) -> str:
        """A signed URL that gives one object."""
        return self._signed("GET", bucket, name, expires_at, {})

    def _signed(
        self, method: str, bucket: Bucket, name: str, expires_at: datetime, headers: dict[str, str]
    ) -> str:
        with faults("sign", bucket, name):
            url: str = (
                self._bucket(bucket)
                .blob(name)
                .generate_signed_url(
                    version="v4",
                    method=method,
                    expiration=expires_at,
                    headers=dict(headers),
                    credentials=self._signing,
                )
            )
        return url

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    @cached_property
    def _client(self) -> Any:
        # Otherwise the client asks for each bucket's place, and for the bucket after each absent
        # object, so that its spans can name it.
        os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        return Client(project=self._project)

    @cached_property
    def _signing(self) -> Credentials:
        return signing_credentials(self._given)

    def _bucket(self, bucket: Bucket) -> Any:
        return self._client.bucket(self._names[bucket])

    def _target(self, bucket: Bucket, name: str, wanted: "_Wanted") -> Any:
        target = self._bucket(bucket).blob(name, chunk_size=CHUNK)
        target.content_type = wanted.content_type
        target.cache_control = wanted.cache_control
        target.metadata = wanted.metadata
        return target

    def _write(
        self,
        bucket: Bucket,
        name: str,
        if_generation: int | None,
        write: _Write,
        wanted: Callable[[], "_Wanted | None"],
    ) -> Blob:
        """Write where the object is at `if_generation`, or at whichever it is.

        Most names are new, so that without a wish the first guess is that nothing is there.
        """
        expected = if_generation or 0
        for _ in range(_ROUNDS):
            failures: list[Exception] = []
            try:
                return _blob(bucket, write(expected, repeating(failures)))
            except exceptions.GoogleAPICallError as error:
                guessed = if_generation is None and isinstance(error, exceptions.PreconditionFailed)
                if not (failures or guessed):
                    raise
                there = self.stat(bucket, name)
                if failures and there and there.generation != expected:
                    aim = wanted()
                    if aim and aim.is_met_by(there):
                        return there
                if not guessed:
                    raise
                expected = there.generation if there else 0
        raise contended()

    def _fetch(self, blob: Blob, destination: Path) -> None:
        """Stream one generation into a file; a failure leaves none."""
        pinned = self._bucket(blob.bucket).blob(blob.name, generation=blob.generation)
        try:
            with faults("download", blob.bucket, blob.name), destination.open("wb") as file:
                pinned.download_to_file(
                    file, raw_download=True, timeout=TIMEOUT, checksum="md5", retry=repeating()
                )
        except BaseException:
            destination.unlink(missing_ok=True)
            raise

    def _delete(self, blob: Blob, retry: Retry) -> None:
        with faults("delete", blob.bucket, blob.name):
            self._bucket(blob.bucket).blob(blob.name).delete(
                if_generation_match=blob.generation, timeout=TIMEOUT, retry=retry
            )

    def _damaged(self, blob: Blob) -> None:
        """Take back what arrived as something else."""
        _log.error("an object was damaged on its way", extra=about(blob.bucket, blob.name))
        self.delete(blob.bucket, blob.name, if_generation=blob.generation)
        raise Busy("The object was damaged on its way; try again.")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an object is to be once it is written; `etag` as far as it is known."""

    content_type: str
    cache_control: str
    metadata: dict[str, str] = field(default_factory=dict)
    etag: str | None = None

    def of(self, etag: str) -> "_Wanted":
        return _Wanted(self.content_type, self.cache_control, self.metadata, etag)

    def is_met_by(self, blob: Blob) -> bool:
        there = (blob.content_type, blob.cache_control, blob.metadata, blob.etag)
        return there == (self.content_type, self.cache_control, self.metadata, self.etag)


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def _opened(source: bytes | Path) -> io.BytesIO | io.BufferedReader:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _blob(bucket: Bucket, found: Any) -> Blob:
    """What the client knows of an object, as the port says it."""
    if found.md5_hash:
        etag = base64.b64decode(found.md5_hash).hex()
    else:
        etag = f"{base64.b64decode(found.crc32c).hex()}-{found.size}"
    return Blob(
        bucket=bucket,
        name=found.name,
        generation=found.generation,
        size=found.size,
        etag=etag,
        content_type=found.content_type or _UNKNOWN,
        cache_control=found.cache_control or "",
        metadata=dict(found.metadata or {}),
        updated_at=found.updated.astimezone(UTC),
    )
