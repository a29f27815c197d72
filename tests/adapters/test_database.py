import sqlite3
from pathlib import Path

import pytest

from shared.adapters.embedded.database import Database
from shared.adapters.embedded.folder import FolderError
from shared.errors import StorageFull
from shared.ports import Bucket, Create
from tests.adapters.stack import Stack, open_stack


def test_only_the_owner_can_read(stack: Stack) -> None:
    assert stack.folder.stat().st_mode & 0o777 == 0o700
    for path in stack.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_file_in_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Database(tmp_path).close()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_what_was_written_is_there_when_opened_again(tmp_path: Path) -> None:
    with open_stack(tmp_path) as stack:
        stack.documents.commit([Create("a/b", {"n": 1})])
    with open_stack(tmp_path) as stack:
        document = stack.documents.get("a/b")
        assert document is not None
        assert document.data == {"n": 1}


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.write() as transaction:
        transaction.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(FolderError, match="another version of Mascotry"):
        Database(tmp_path)


@pytest.mark.parametrize("begin", [0, 4096])
def test_a_damaged_file_is_named(tmp_path: Path, begin: int) -> None:
    Database(tmp_path).close()
    file = tmp_path / "mascotry.sqlite3"
    content = file.read_bytes()
    file.write_bytes(content[:begin] + b"\xa5" * (len(content) - begin))
    with pytest.raises(FolderError, match=rf"^{file} is damaged; put it back from a backup"):
        Database(tmp_path).check()


def test_a_damage_that_opening_does_not_meet_is_found(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.write() as transaction:
        transaction.execute("CREATE TABLE much (text)")
        transaction.execute("INSERT INTO much VALUES (?)", ("x" * 100_000,))
        transaction.execute("CREATE INDEX of_much ON much (text)")
    database.check()
    database.close()
    file = tmp_path / "mascotry.sqlite3"
    content = file.read_bytes()
    file.write_bytes(content[:-8192] + b"\xa5" * 8192)
    damaged = Database(tmp_path)
    with pytest.raises(FolderError, match=r"mascotry\.sqlite3 is damaged"):
        damaged.check()
    damaged.close()


@pytest.mark.parametrize("is_missing", [False, True])
def test_an_empty_database_does_not_forget_the_files_that_are_there(
    tmp_path: Path, is_missing: bool
) -> None:
    with open_stack(tmp_path) as stack:
        stack.blobs.put(Bucket.ASSETS, "a.png", b"fox", content_type="image/png")
        files = stack.files()
    for file in tmp_path.glob("mascotry.sqlite3*"):
        file.unlink() if is_missing else file.write_bytes(b"")
    with pytest.raises(FolderError, match=r"is empty or missing, though .*objects has files"):
        Database(tmp_path)
    assert {path.name for path in (tmp_path / "objects").glob("*/*")} == files


def test_a_transaction_without_room_leaves_nothing(stack: Stack) -> None:
    stack.documents.commit([Create("a/b", {"n": 1})])
    rolled_back: list[str] = []
    with stack.database.write() as transaction:
        [(pages,)] = transaction.execute("PRAGMA page_count")
        transaction.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    with pytest.raises(StorageFull), stack.database.write() as transaction:
        transaction.after_rollback(lambda: rolled_back.append("x"))
        transaction.execute("CREATE TABLE much AS SELECT zeroblob(1000000) AS zeros")
    assert rolled_back == ["x"]
    assert stack.documents.get("a/b") is not None
    with stack.database.write() as transaction:
        transaction.execute("PRAGMA max_page_count = 1000000").fetchall()
    stack.documents.commit([Create("a/c", {"n": 1})])


def test_a_transaction_that_raises_leaves_nothing(stack: Stack) -> None:
    committed: list[str] = []
    rolled_back: list[str] = []
    with pytest.raises(ZeroDivisionError), stack.database.write() as transaction:
        transaction.execute("UPDATE sequence SET value = 999")
        transaction.after_commit(lambda: committed.append("x"))
        transaction.after_rollback(lambda: rolled_back.append("x"))
        raise ZeroDivisionError
    assert (committed, rolled_back) == ([], ["x"])
    with stack.database.write() as transaction:
        assert transaction.next_number() < 999
        transaction.after_commit(lambda: committed.append("y"))
        transaction.after_rollback(lambda: rolled_back.append("y"))
        assert committed == []
    assert (committed, rolled_back) == (["y"], ["x"])


def test_a_reader_sees_one_instant(stack: Stack) -> None:
    with stack.database.read() as connection:
        before = connection.execute("SELECT value FROM sequence").fetchone()
        with stack.database.write() as transaction:
            transaction.next_number()
        assert connection.execute("SELECT value FROM sequence").fetchone() == before


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), database.read():
        pass
    with pytest.raises(sqlite3.ProgrammingError, match="closed"), database.write():
        pass


def test_a_reader_may_end_after_the_database_was_closed(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.read() as connection:
        database.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError):
        connection.execute("SELECT 1")
