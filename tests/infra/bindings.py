"""Writes google-provider.json: what the resources in infra/terraform take.

    npm pack @cdktf/provider-google@16.12.1 && tar -xzf cdktf-provider-google-16.12.1.tgz
    python -m tests.infra.bindings package/lib

HashiCorp's own bindings for JavaScript are made of the provider's schema and say the names, the
types and what is required; the classes' comments say what only Google knows. Needed again when a
resource of a new type is used, or another version of the provider.
"""

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.infra.provider import Shape
from tests.infra.terraform import FOLDER

TARGET = Path(__file__).parent / "google-provider.json"
TYPES = {"string": "string", "number": "number", "boolean": "bool"}
GETTERS = {"String": "string", "Number": "number", "Boolean": "bool", "List": "list string"}

PROPERTY = re.compile(
    r'^ +(\w+): \{\s*value: (.*?),\s*isBlock: (true|false),\s*type: "(\w+)",'
    r'\s*storageClassType: "(\w+)",\s*\}',
    re.MULTILINE | re.DOTALL,
)
COMPUTED = re.compile(r"// (\w+) - computed: true, optional: false, required: false")
CONVERTER = re.compile(r"(?:cdktf\.listMapperHcl\()?(\w+)ToHclTerraform")
VERSION = re.compile(r"providerVersion: '([\d.]+)'")


class Bindings(NamedTuple):
    """The code and the declarations of one type."""

    code: str
    declared: str

    def shape(self, body: str, of: str, interface: str) -> Shape:
        """What `body` converts; `of` is the class that reads it and `interface` what is given."""
        required = self._required(interface)
        shape: Shape = {}
        for name, value, is_block, kind, storage in PROPERTY.findall(body):
            needed = _camel(name) in required
            if is_block == "false":
                shape[name] = _type(kind, storage) + ("!" if needed else "?")
                continue
            converter = CONVERTER.match(value)
            assert converter, value
            function = converter[1]
            inner = self._between(rf"^function {function}ToHclTerraform\(struct\) \{{")
            struct = function[0].upper() + function[1:]
            reader = self._between(rf"^class {struct}OutputReference extends ")
            nesting = "single" if kind == "struct" else kind
            shape[name] = [nesting + "!" * needed, self.shape(inner, reader, struct)]
        for name in COMPUTED.findall(of):
            shape.setdefault(name, self._computed(name, of) + "=")
        return dict(sorted(shape.items()))

    def _required(self, interface: str) -> set[str]:
        found = re.search(
            rf"^export interface {interface} (?:extends [^{{]+)?\{{(.*?)^\}}",
            self.declared,
            re.MULTILINE | re.DOTALL,
        )
        assert found, f"{interface} is not declared"
        return {*re.findall(r"^    readonly (\w+): ", found[1], re.MULTILINE)}

    def _between(self, start: str) -> str:
        found = re.search(rf"{start}.*?^\}}", self.code, re.MULTILINE | re.DOTALL)
        return found[0] if found else ""

    @staticmethod
    def _computed(name: str, of: str) -> str:
        if f'new cdktf.StringMap(this, "{name}")' in of:
            return "map string"
        getter = re.search(rf"this\.get(\w+)Attribute\('{name}'\)", of)
        return GETTERS.get(getter[1], "dynamic") if getter else "dynamic"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _type(kind: str, storage: str) -> str:
    base = re.fullmatch(r"(string|number|boolean)(Map|List|Set)?", storage)
    if base is None:
        return "dynamic"
    return TYPES[base[1]] if kind == "simple" else f"{kind} {TYPES[base[1]]}"


@cache
def _whole(folder: Path, pattern: str) -> str:
    return "\n".join(path.read_text() for path in sorted(folder.glob(pattern)))


def read(folder: Path) -> tuple[Shape, str]:
    """The shape of the type that a folder is of, and the provider's version."""
    bindings = Bindings(_whole(folder, "*.js"), _whole(folder, "*.d.ts"))
    found = re.search(
        r"^class (\w+) extends cdktf\.Terraform(?:Resource|DataSource) \{.*?^\}",
        bindings.code,
        re.MULTILINE | re.DOTALL,
    )
    assert found, f"{folder} holds no resource"
    body = re.search(
        r"synthesizeHclAttributes\(\) \{.*?^    \}", found[0], re.MULTILINE | re.DOTALL
    )
    version = VERSION.search(found[0])
    assert version
    shape = bindings.shape(body[0] if body else "", found[0], f"{found[1]}Config")
    shape["id"] = "string="
    if "project" in shape:
        shape["project"] = "string?="  # the provider's own, if none is given
    return shape, version[1]


def main(library: Path) -> None:
    text = _whole(FOLDER, "*.tf")
    version = ""
    found: dict[str, dict[str, Shape]] = {"resource": {}, "data": {}}
    for block, prefix in (("resource", ""), ("data", "data-google-")):
        for kind in sorted({*re.findall(rf'^{block} "(\w+)"', text, re.MULTILINE)}):
            name = prefix + kind.removeprefix("google_").replace("_", "-")
            found[block][kind], version = read(library / name)
    written = {
        "$comment": f"What resources take, by hashicorp/google {version}; see bindings.py",
        "resources": found["resource"],
        "data": found["data"],
    }
    TARGET.write_text(json.dumps(written, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
