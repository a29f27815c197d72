"""What makes two requests the same one, for a client that sends a write again."""

import hashlib
import json

from flask import Request

from shared.model.base import with_canonical_ids


def fingerprint(request: Request) -> str:
    """A digest of what is asked for; the boundary of a form is not part of that."""
    query = request.query_string.decode("latin-1")
    parts: list[str] = [request.method, *map(with_canonical_ids, (request.path, query))]
    if request.mimetype.startswith("multipart/"):
        parts += [f"{name}={value}" for name, value in sorted(request.form.items(multi=True))]
        for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
            digest = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
            file.stream.seek(0)
            parts.append(f"{name}:{file.filename}={digest}")
    else:
        parts.append(hashlib.sha256(request.get_data()).hexdigest())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
