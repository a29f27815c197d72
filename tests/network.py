"""What a program tries to reach beyond this machine.

    python -m tests.network LOG MODULE [ARGUMENT …]

runs a module of Python. What it tries to reach by Python's sockets is refused and written to LOG.
`strace` also sees what compiled libraries and other programs try.
"""

import ipaddress
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import certifi

from tests import emulators

ROOT = Path(__file__).resolve().parents[1]
CALLS = "connect,sendto,sendmsg,sendmmsg"
HOW_TO_GET = "On Debian and Ubuntu: apt-get install strace"
END_SECONDS = 30
NAMES = 53
"""The port of name servers, one of which may listen on this machine and ask others."""

_ADDRESS = re.compile(
    r"sin6?_port=htons\((?P<port>\d+)\).*?"
    r'(?:inet_addr\("(?P<v4>[^"]+)"\)|inet_pton\(AF_INET6, "(?P<v6>[^"]+)")'
)
_END = re.compile(r"\+\+\+ (exited with|killed by) ")
_RESOLVER = re.compile(r'sun_path="[^"]*(?:resolve|avahi)')
_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of somebody who begins, with its home and caches in `folder`.

    Nothing else is taken over: on a build server, which onnxruntime knows by `CI`, it reports
    nothing. It needs certificates to report, so here it has some.
    """
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "SSL_CERT_FILE": certifi.where(),
        **more,
    }


def traced(trace: Path, *, refuse: bool = False) -> list[str]:
    """What to put in front of a command so that `trace` tells what it tries to reach; with `refuse`
    nothing at all is reached, this machine included."""
    program = shutil.which("strace")
    assert program
    refusal = ["-e", f"inject={CALLS}:error=ENETUNREACH"] if refuse else []
    # As a grandchild: signals go to the command itself.
    how = ["--daemonize", "--follow-forks", "--seccomp-bpf", "--quiet=attach,personality"]
    return [program, *how, "-e", f"trace={CALLS}", *refusal, "-o", str(trace)]


@cache
def can_trace() -> bool:
    """Whether strace is here and may be used."""
    program = shutil.which("strace")
    if program is None:
        return False
    tried = subprocess.run(
        [program, "--follow-forks", "--seccomp-bpf", "-e", "trace=connect", "true"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def require_strace() -> None:
    """Skip the test, loudly, where strace is missing or forbidden."""
    found = shutil.which("strace") if can_trace() else None
    emulators.require("strace", Path(found) if found else None, HOW_TO_GET, comes_with="")


def ended(trace: Path) -> str:
    """What a trace tells once all that was traced has ended."""
    deadline = time.monotonic() + END_SECONDS
    while True:
        told = trace.read_text()
        began = {line.split()[0] for line in told.splitlines()}
        over = {line.split()[0] for line in told.splitlines() if _END.search(line)}
        if began == over:
            return told
        assert time.monotonic() < deadline, f"still running: {began - over}"
        time.sleep(0.05)


def attempts(trace: str) -> list[str]:
    """The lines of a trace that reach for another machine or for somebody who resolves names."""
    return [line for line in trace.splitlines() if _leads_away(line)]


def _leads_away(line: str) -> bool:
    if "AF_INET" not in line:
        return _RESOLVER.search(line) is not None
    found = _ADDRESS.search(line)
    if found is None:
        return True  # in doubt
    return int(found["port"]) == NAMES or not _is_here(found["v4"] or found["v6"])


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    address = _address(host)
    if address is None:
        return host in ("", "localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(host)
    return None


def watch(log: Path) -> None:
    """Refuse, from now on and in this process, what leads to other machines, and write it to
    `log`."""

    def look(event: str, arguments: tuple[object, ...]) -> None:
        if event in _LOOKUPS:
            host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
            leads_away = host is not None and not _is_here(str(host)) and not _address(str(host))
        elif event in _SENDING:
            given = arguments[1]  # of a connected socket None, of a Unix socket a path
            leads_away = isinstance(given, tuple) and not _is_here(str(given[0]))
        else:
            return
        if leads_away:
            with log.open("a") as file:
                file.write(f"{event} {arguments}\n")
            raise ConnectionRefusedError(f"{event} {arguments}: nobody may be reached from here")

    sys.addaudithook(look)


if __name__ == "__main__":
    log, module = sys.argv[1:3]
    watch(Path(log))
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
