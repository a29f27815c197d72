"""Documents in SQLite."""

from shared.adapters.embedded.database import Database
from shared.model.indexes import INDEXES, Index


class EmbeddedDocuments:
    """The Documents port (`get`, `get_many`, `commit`, `query`, `count`)."""

    def __init__(self, database: Database, *, indexes: tuple[Index, ...] = INDEXES) -> None:
        raise NotImplementedError
