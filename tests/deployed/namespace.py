"""A machine with no network but its own: where Google's names lead to stand-ins, and where whoever
asks for another name is found out.

    unshare --net --mount python -m tests.deployed …
"""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PUBLIC: Final = "93.183.216.34"
"""An address that counts as one of the public internet; in this namespace it is this machine's."""
DNS: Final = "127.0.0.53"

_GET_FLAGS, _SET_FLAGS, _SET_ADDRESS, _SET_MASK = 0x8913, 0x8914, 0x8916, 0x891C
_UP: Final = 1
_BIND: Final = 4096


def enter(program: Sequence[str]) -> list[str]:
    """The command that runs a program in a namespace of its own; without root it is root there."""
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    return [shutil.which("unshare") or "unshare", "--net", "--mount", *mapped, *program]


def bring_up() -> None:
    """Let this machine talk to itself, also by a public address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _raise(control, b"lo")
        address = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton(PUBLIC))
        fcntl.ioctl(control, _SET_ADDRESS, address)
        mask = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, b"\xff" * 4)
        fcntl.ioctl(control, _SET_MASK, mask)


def _raise(control: socket.socket, name: bytes) -> None:
    asked = fcntl.ioctl(control, _GET_FLAGS, struct.pack("16sH14x", name, 0))
    (flags,) = struct.unpack_from("16xH", asked)
    fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14x", name, flags | _UP))


def name(hosts: Mapping[str, str], folder: Path) -> None:
    """Let names lead to addresses, for every program here, and all others to our own resolver."""
    lines = ["127.0.0.1 localhost", *(f"{address} {host}" for host, address in hosts.items())]
    _replace("/etc/hosts", "\n".join(lines) + "\n", folder / "hosts")
    resolver = f"nameserver {DNS}\noptions timeout:1 attempts:1\n"
    _replace("/etc/resolv.conf", resolver, folder / "resolv.conf")
    _replace("/etc/nsswitch.conf", "hosts: files dns\n", folder / "nsswitch.conf")


def _replace(target: str, text: str, file: Path) -> None:
    file.write_text(text)
    file.chmod(0o644)
    libc = ctypes.CDLL(None, use_errno=True)
    real = os.path.realpath(target)
    if libc.mount(os.fsencode(file), os.fsencode(real), None, _BIND, None):
        raise OSError(ctypes.get_errno(), f"cannot replace {target} here")


class Resolver:
    """Answers every question with "there is no such name", and remembers the names."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def start(self) -> None:
        self._socket.bind((DNS, 53))
        threading.Thread(target=self._serve, name="resolver", daemon=True).start()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            self.asked.add(_name(question))
            # The same id and question, as an answer (QR, RD, RA) with the code NXDOMAIN.
            header = question[:2] + b"\x81\x83" + question[4:6] + b"\0" * 6
            self._socket.sendto(header + question[12 : _end(question)], sender)


def _labels(question: bytes) -> tuple[list[str], int]:
    place, labels = 12, []
    while length := question[place]:
        labels.append(question[place + 1 : place + 1 + length].decode("ascii", "replace"))
        place += length + 1
    return labels, place + 5


def _name(question: bytes) -> str:
    return ".".join(_labels(question)[0]).lower()


def _end(question: bytes) -> int:
    return _labels(question)[1]
