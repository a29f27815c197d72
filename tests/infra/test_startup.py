"""What keeps a stack from starting is one sentence, and exit code 2."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra import startup
from infra.local import greeting
from infra.startup import StartError
from shared.adapters.embedded import folder
from shared.adapters.embedded.folder import FolderError
from tests.e2e.server import ROOT


def start(home: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """`python -m infra.local`, which is expected not to start: exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.local", "--port", "0", *arguments],
        env={**os.environ, "MASCOTRY_HOME": str(home), "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    sentence = f"{file} is not a folder; set MASCOTRY_HOME to a folder that can be written.\n"
    assert start(file) == (2, "", sentence)


def test_a_setting_that_cannot_be(tmp_path: Path) -> None:
    sentence = "MASCOTRY_CDN_URL must be an address such as https://cdn.example.com.\n"
    assert start(tmp_path, MASCOTRY_CDN_URL="cdn") == (2, "", sentence)


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
def test_a_port_that_is_none(port: int) -> None:
    with pytest.raises(StartError, match=rf"^There is no port {port}; take one from 0 .* to 65535"):
        startup.listening(port)


def test_a_port_that_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartError, match=rf"^Port {port} cannot be used .*try PORT=8081\.$"):
            startup.listening(port)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EROFS, "{} cannot be written (Read-only file system); set MASCOTRY_HOME to"),
        (errno.EACCES, "{} cannot be written (Permission denied); set MASCOTRY_HOME to"),
        (errno.ENOSPC, "The disk of {} is full; free some space, then start again."),
    ],
)
def test_a_home_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def fail(path: Path, mode: str) -> None:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(FolderError) as refused:
        folder.prepare(tmp_path)
    assert str(refused.value).startswith(sentence.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_home_is_tried_and_left_clean(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b"
    folder.prepare(home)
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == []


def test_any_other_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    sentence = rf"^{tmp_path} cannot be used \(Is a directory\)\.$"
    with pytest.raises(StartError, match=sentence), startup.explained():
        tmp_path.read_bytes()


def test_the_key_is_not_printed(tmp_path: Path) -> None:
    key = tmp_path / "dev-key"
    key.write_text("msk_secret\n")
    text = greeting("http://127.0.0.1:8080", tmp_path)
    assert "msk_secret" not in text
    assert f'python3 -m webbrowser "http://127.0.0.1:8080/#key=$(cat {key})"' in text
