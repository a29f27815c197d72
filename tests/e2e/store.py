"""What a stack has stored, looked at from outside."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.e2e.server import Json


class Store:
    """A look into the data folder from outside, which also works while nobody serves it."""

    def __init__(self, home: Path) -> None:
        (self._file,) = home.glob("*.sqlite3")

    def job(self, job_id: str) -> Json:
        (found,) = self._rows("SELECT data FROM documents WHERE id = ? AND kind = 'jobs'", job_id)
        job: Json = json.loads(found[0])
        return job

    def steps(self, kind: str) -> dict[str, str]:
        """The status of each job's step of the kind, by the job's id."""
        found = self._rows(
            "SELECT documents.id, json_extract(step.value, '$.status')"
            " FROM documents, json_each(data, '$.steps') AS step"
            " WHERE kind = 'jobs' AND json_extract(step.value, '$.kind') = ?",
            kind,
        )
        return dict(found)

    def count(self, kind: str) -> int:
        return int(self._rows("SELECT count(*) FROM documents WHERE kind = ?", kind)[0][0])

    def public_objects(self) -> list[str]:
        """Names of files of their own, without those at which an item's best one is served."""
        found = self._rows("SELECT name FROM objects WHERE bucket = 'assets' ORDER BY name")
        return [name for (name,) in found if "/best/" not in name]

    def _rows(self, statement: str, *values: str) -> list[Any]:
        connection = sqlite3.connect(self._file, timeout=30)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()
