"""The yardstick: a functions-framework handler that does one SQLite read and nothing else."""

import json
import os
import sqlite3
import threading
from pathlib import Path

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

_local = threading.local()


def prepare(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE documents (id TEXT PRIMARY KEY, data TEXT)")
        connection.execute("INSERT INTO documents VALUES ('one', ?)", (json.dumps({"id": "one"}),))
    connection.close()


@functions_framework.http
def bare(request: Request) -> ResponseReturnValue:

    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(os.environ["BARE_DATABASE"])
    row = _local.connection.execute("SELECT data FROM documents WHERE id = 'one'").fetchone()
    return {"data": json.loads(row[0])}
