"""The tables of the SQLite file. Change them only together with VERSION."""

VERSION = 1

TABLES = (
    # One counter for document versions and object generations: it never goes back, so a document
    # that was deleted and made again cannot pass for the one that somebody read before.
    "CREATE TABLE sequence (value INTEGER NOT NULL)",
    "INSERT INTO sequence VALUES (0)",
    # `kind` is the last segment of `collection`; the declared indexes are partial on it.
    """
    CREATE TABLE documents (
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (collection, id)
    ) WITHOUT ROWID
    """,
    # `file` is the content, relative to the folder of objects; copies share it.
    """
    CREATE TABLE objects (
        bucket TEXT NOT NULL,
        name TEXT NOT NULL,
        generation INTEGER NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        content_type TEXT NOT NULL,
        cache_control TEXT NOT NULL,
        metadata TEXT NOT NULL,
        file TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        PRIMARY KEY (bucket, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX objects_by_file ON objects (file)",
    "CREATE INDEX objects_by_age ON objects (bucket, updated_at)",
    # Times are microseconds since 1970. `state` goes waiting → claimed → done | dead, and back to
    # waiting for a retry; `tried` is when it was claimed first. Settled rows stay for a while: a
    # queue remembers the names it has seen.
    """
    CREATE TABLE tasks (
        queue TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        payload TEXT NOT NULL,
        due INTEGER NOT NULL,
        tried INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0,
        responses INTEGER NOT NULL DEFAULT 0,
        settled INTEGER,
        PRIMARY KEY (queue, name)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX tasks_waiting ON tasks (queue, due) WHERE state = 'waiting'",
    "CREATE INDEX tasks_claimed ON tasks (queue) WHERE state = 'claimed'",
    "CREATE INDEX tasks_settled ON tasks (settled) WHERE settled IS NOT NULL",
)
