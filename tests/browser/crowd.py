"""A workspace with much in it, copied straight into the store from what one job has made."""

import json
import sqlite3
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.e2e.server import Json


class Crowd:
    """Copies of a mascot's only pose. `workspace` is the id of another workspace, `home` the
    stack's folder."""

    def __init__(self, home: Path, workspace: str, item_id: str) -> None:
        (file,) = home.glob("*.sqlite3")
        self._store = sqlite3.connect(file, timeout=30)
        self._workspace, self._item_id = workspace, item_id
        (self._item,) = self._found("items", "id", item_id)
        (self._job, *_) = self._found("jobs", "item_id", item_id)
        self._assets = self._found("assets", "item_id", item_id)

    def settle(self, collection: Json, count: int) -> None:
        """Poses of a mascot, each a little younger than the one before."""
        of = {"collection_id": collection["id"], "project_id": collection["project_id"]}
        with self._store:
            for number in range(count):
                at = {"created_at": f"2026-01-01T{number // 60:02}:{number % 60:02}:00.000000Z"}
                item_id, job_id = str(uuid4()), str(uuid4())
                job = {"id": job_id, "item_id": item_id, "workspace_id": self._workspace}
                self._put("jobs", {**self._job, **job, **of, **at})
                name = {"id": item_id, "name": f"Pose {number}"}
                self._put("items", {**self._item, **name, **of, **at})
                for asset in self._assets:
                    ids = {"id": str(uuid4()), "item_id": item_id, "job_id": job_id}
                    self._put("assets", {**asset, **ids, **of, **at})
                self._store.execute(
                    "INSERT INTO objects SELECT bucket, replace(name, :old, :new), generation,"
                    " size, etag, content_type, cache_control, metadata, file, updated_at"
                    " FROM objects WHERE name LIKE '%/best/' || :old || '/%'",
                    {"old": self._item_id, "new": item_id},
                )

    def close(self) -> None:
        self._store.close()

    def _found(self, kind: str, field: str, value: str) -> list[dict[str, Any]]:
        rows = self._store.execute(
            "SELECT data FROM documents WHERE kind = ? AND json_extract(data, '$.' || ?) = ?",
            (kind, field, value),
        )
        return [json.loads(data) for (data,) in rows]

    def _put(self, kind: str, data: Json) -> None:
        self._store.execute(
            "INSERT INTO documents (collection, id, kind, version, data) VALUES (?, ?, ?, 1, ?)",
            (f"workspaces/{self._workspace}/{kind}", data["id"], kind, json.dumps(data)),
        )
