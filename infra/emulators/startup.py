"""What starting any of the emulators takes."""

import socket


class DidNotStart(Exception):
    """An emulator ended, or did not answer in time; the message has what it printed."""


def free_port() -> int:
    """A port that nobody uses at this moment; somebody else may be faster to take it."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
