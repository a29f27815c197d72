"""Ports that count what is read, to hold it against what is promised."""

from collections import Counter
from dataclasses import replace
from typing import Any

from shared.ports import Page, Ports


class Reads:
    """How many documents and objects were read, a listing counting once."""

    def __init__(self, ports: Ports) -> None:
        self.documents = 0
        self.objects = 0
        self.calls: Counter[str] = Counter()
        documents: Any = _Counted(ports.documents, self)
        blobs: Any = _Counted(ports.blobs, self)
        self.ports = replace(ports, documents=documents, blobs=blobs)


class _Counted:
    def __init__(self, port: Any, reads: Reads) -> None:
        self._port, self._reads = port, reads

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def counted(*arguments: Any, **keywords: Any) -> Any:
            result = method(*arguments, **keywords)
            self._reads.calls[name] += 1
            if name in ("get", "get_many", "query"):
                self._reads.documents += _length(result)
            elif name in ("stat", "list", "read", "download"):
                self._reads.objects += 1
            return result

        return counted


def _length(result: Any) -> int:
    """As what it is paid for: nothing found is a read, too."""
    if isinstance(result, Page):
        return max(1, len(result.results))
    return len(result) if isinstance(result, list) else 1
