"""Imports all that the functions may import, makes every provider, and stays for a while.

    python -m tests.e2e.all_imports SECONDS

Only `rembg` is imported as the functions do it: by itself it lets onnxruntime report.
"""

import ast
import importlib
import os
import sys
import time
from collections.abc import Iterator

from tests.network import ROOT

OWN = frozenset({"functions", "shared"})
CREDENTIALS = {"GOOGLE_API_KEY": "x", "OPENAI_API_KEY": "x", "FAL_KEY": "x"}


def imported() -> Iterator[str]:
    """The modules of others that our code names, wherever it imports them."""
    for package in sorted(OWN):
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module


def main() -> None:
    from shared.media.cutout import load_rembg

    load_rembg()
    names = {name for name in imported() if name.partition(".")[0] not in OWN}
    for name in sorted(names):
        importlib.import_module(name)

    os.environ.update({f"MASCOTRY_{name}": value for name, value in CREDENTIALS.items()})
    from functions import composition

    makers = (
        composition.IMAGE_PROVIDERS,
        composition.VIDEO_PROVIDERS,
        composition.VISION_PROVIDERS,
    )
    made = [make() for providers in makers for make in providers.values()]
    print(f"{len(names)} modules, {len(made)} providers", flush=True)  # noqa: T201
    time.sleep(float(sys.argv[1]))


if __name__ == "__main__":
    main()
