"""The Terraform files as values: blocks by type and name, with local references filled in."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import hcl2

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "infra" / "terraform"
_REFERENCE = re.compile(r"\$\{local\.([\w.]+)\}")


@cache
def files() -> dict[str, dict[str, Any]]:
    """Each file, parsed."""
    return {path.name: _plain(hcl2.loads(path.read_text())) for path in sorted(FOLDER.glob("*.tf"))}


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type by name."""
    return {
        name: body
        for parsed in files().values()
        for block in parsed.get("resource", ())
        if kind in block
        for name, body in block[kind].items()
    }


def kinds() -> set[str]:
    """The types of all resources."""
    return {
        kind for parsed in files().values() for one in parsed.get("resource", ()) for kind in one
    }


def variables() -> dict[str, dict[str, Any]]:
    """The variables by name."""
    blocks = (block for parsed in files().values() for block in parsed.get("variable", ()))
    return {name: body for block in blocks for name, body in block.items()}


@cache
def locals_() -> dict[str, Any]:
    """All local values, as they are written."""
    blocks = (block for parsed in files().values() for block in parsed.get("locals", ()))
    return {name: value for block in blocks for name, value in block.items()}


def local(name: str) -> Any:
    """A local value, in which references to other ones are filled in."""
    return _filled(locals_()[name])


def strings(value: Any) -> Iterator[str]:
    """Every string in a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.items() for one in item for text in strings(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in strings(one))


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    if isinstance(value, str) and (found := _REFERENCE.fullmatch(value)):
        target: Any = locals_()
        for part in found[1].split("."):
            target = target[part]
        return _filled(target)
    return value


def _plain(value: Any) -> Any:
    """Without the quotes that the parser keeps around strings and labels."""
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str) and len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value
