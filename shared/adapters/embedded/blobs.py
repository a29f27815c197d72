"""Objects: a row in SQLite says what is there, an immutable file holds the content.

Putting writes the file first and then, in one transaction, swaps the row and enqueues the storage
event. So an object always has its file, and never lacks its event; a crash in between leaves only
a file that no row refers to, which `collect_garbage` removes.
"""

import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import quote

from shared.adapters.cursor import decode_cursor, encode_cursor
from shared.adapters.embedded import objects
from shared.adapters.embedded.contents import Content, Contents
from shared.adapters.embedded.database import Database, Transaction
from shared.adapters.embedded.folder import CONTENTS
from shared.adapters.embedded.objects import Attributes
from shared.adapters.embedded.signature import UploadSigner
from shared.adapters.naming import require_name
from shared.errors import Conflict, NotFound
from shared.ports import MAX_UPLOAD, Blob, Bucket, Clock, Page, SignedUpload

Announce = Callable[[Transaction, Blob], None]

_PRIVATE = "private, no-store"
_CHUNK = 1 << 20
_BATCH = 500
USED = "This URL has been used; ask for another by POST /v1/uploads."


class EmbeddedBlobs:
    """The Blobs port on files and SQLite. A malformed name for a new object is a ValueError."""

    def __init__(
        self,
        database: Database,
        *,
        base_url: str | Callable[[], str],
        announce: Announce,
        clock: Clock,
        secret: bytes,
    ) -> None:
        """Contents go to `{database.folder}/objects`.

        `announce` (see `EmbeddedTasks.announce`) is called inside the transaction that finalizes an
        object in ASSETS or UPLOADS. `base_url` is where `/cdn` and `/uploads` are mounted; `secret`
        signs upload URLs.
        """
        self._database = database
        self._contents = Contents(database.folder / CONTENTS)
        self._base_url = base_url
        self._announce = announce
        self._clock = clock
        self.signer = UploadSigner(secret, clock)

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
        attributes = Attributes(content_type, cache_control, metadata or {})
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as stream:
            return self._put(bucket, name, stream, attributes, if_generation)

    def receive(self, name: str, stream: IO[bytes], *, content_type: str) -> Blob:
        """Put what a client uploads; Conflict when that name has been used before."""
        try:
            return self._put(
                Bucket.UPLOADS, name, stream, Attributes(content_type, _PRIVATE, {}), 0
            )
        except Conflict:
            raise Conflict(USED) from None

    def check_unused(self, name: str) -> None:
        """Conflict when a client has uploaded that name before."""
        if self.stat(Bucket.UPLOADS, name) is not None:
            raise Conflict(USED)

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
        attributes = Attributes(content_type, cache_control, metadata or {})
        require_name(target[1])
        with self._database.write() as transaction:
            row = objects.find(transaction, *source)
            if row is None:
                raise _absent(*source)
            # The copy shares the file, which is immutable.
            content = Content(row.file, row.blob.size, row.blob.etag)
            return self._swap(transaction, *target, content, attributes, if_generation)

    def stat(self, bucket: Bucket, name: str) -> Blob | None:
        with self._database.read() as connection:
            row = objects.find(connection, bucket, name)
        return row.blob if row else None

    def open(self, bucket: Bucket, name: str) -> tuple[Blob, BinaryIO]:
        """An object and its content, which stays whole even if it is replaced in the meantime.

        The caller closes the stream. Raises NotFound.
        """
        while True:
            with self._database.read() as connection:
                row = objects.find(connection, bucket, name)
            if row is None:
                raise _absent(bucket, name)
            try:
                return row.blob, self._contents.open(row.file)
            except FileNotFoundError:
                # Replaced since the row was read. If it was not, the file is lost.
                if self.stat(bucket, name) == row.blob:
                    raise

    def read(self, bucket: Bucket, name: str, *, start: int = 0, end: int | None = None) -> bytes:
        if start < 0 or (end is not None and end < start):
            raise ValueError(f"not a range of bytes: {start} to {end}")
        _, stream = self.open(bucket, name)
        with stream:
            stream.seek(start)
            return stream.read() if end is None else stream.read(end - start)

    def download(self, bucket: Bucket, name: str, destination: Path) -> Blob:
        blob, stream = self.open(bucket, name)
        with stream, destination.open("wb") as target:
            shutil.copyfileobj(stream, target, _CHUNK)
        return blob

    def delete(self, bucket: Bucket, name: str, *, if_generation: int | None = None) -> bool:
        with self._database.write() as transaction:
            row = objects.find(transaction, bucket, name)
            objects.expect(row, if_generation)
            if row is None:
                return False
            self._remove(transaction, bucket, name, row.file)
        return True

    def forget(self, names: Sequence[str]) -> None:
        """There is no CDN in front of this store."""

    def list(
        self, bucket: Bucket, prefix: str, *, limit: int, cursor: str | None = None
    ) -> Page[Blob]:
        query = (str(bucket), prefix)
        after = "" if cursor is None else decode_cursor(query, cursor)[0]
        with self._database.read() as connection:
            blobs = objects.by_name(connection, bucket, prefix, after, limit + 1)
        if len(blobs) <= limit:
            return Page(blobs, None)
        return Page(blobs[:limit], encode_cursor(query, [blobs[limit - 1].name]))

    def public_url(self, name: str) -> str:
        return f"{self._origin()}/cdn/{quote(name)}"

    def upload_url(
        self, name: str, *, content_type: str, expires_at: datetime, max_bytes: int = MAX_UPLOAD
    ) -> SignedUpload:
        require_name(name)
        path = self.signer.path(
            name, content_type=content_type, expires_at=expires_at, max_bytes=max_bytes
        )
        return SignedUpload(self._origin() + path, {"Content-Type": content_type})

    def purge(self, bucket: Bucket, older_than: timedelta) -> int:
        """Expire what was put in a bucket longer ago than this; the number of objects removed."""
        limit = self._clock.now() - older_than
        purged = 0
        while True:
            # In batches, so that nobody waits long for the lock.
            with self._database.write() as transaction:
                expired = objects.older_than(transaction, bucket, limit, _BATCH)
                for name, file in expired:
                    self._remove(transaction, bucket, name, file)
            purged += len(expired)
            if len(expired) < _BATCH:
                return purged

    def collect_garbage(self, older_than: timedelta = timedelta(minutes=10)) -> int:
        """Remove the files that no object refers to; how many.

        Younger files are left alone: somebody may be about to refer to them.
        """
        removed = 0
        for file in self._contents.files(older_than):
            with self._database.read() as connection:
                wanted = objects.is_shared(connection, file)
            if not wanted:
                self._contents.remove(file)
                removed += 1
        return removed

    def _origin(self) -> str:
        return self._base_url if isinstance(self._base_url, str) else self._base_url()

    def _put(
        self,
        bucket: Bucket,
        name: str,
        stream: IO[bytes],
        attributes: Attributes,
        if_generation: int | None,
    ) -> Blob:
        require_name(name)
        with self._database.read() as connection:  # before writing a file in vain
            objects.expect(objects.find(connection, bucket, name), if_generation)
        content = self._contents.store(stream)
        with self._database.write() as transaction:
            transaction.after_rollback(partial(self._contents.remove, content.file))
            return self._swap(transaction, bucket, name, content, attributes, if_generation)

    def _swap(
        self,
        transaction: Transaction,
        bucket: Bucket,
        name: str,
        content: Content,
        attributes: Attributes,
        if_generation: int | None,
    ) -> Blob:
        """Make `content` the object of that name, and announce it."""
        old = objects.find(transaction, bucket, name)
        objects.expect(old, if_generation)
        now = self._clock.now()
        blob = objects.write(transaction, bucket, name, content, attributes, now)
        if old is not None:
            self._drop(transaction, old.file)
        if bucket is not Bucket.WORK:
            self._announce(transaction, blob)
        return blob

    def _remove(self, transaction: Transaction, bucket: Bucket, name: str, file: str) -> None:
        objects.remove(transaction, bucket, name)
        self._drop(transaction, file)

    def _drop(self, transaction: Transaction, file: str) -> None:
        """Remove a content once the transaction holds, unless a copy shares it.

        Nobody can come to share it afterwards: a copy needs a row that refers to it.
        """
        if not objects.is_shared(transaction, file):
            transaction.after_commit(partial(self._contents.remove, file))


def _absent(bucket: Bucket, name: str) -> NotFound:
    return NotFound(f"there is no {name!r} in {bucket}")
