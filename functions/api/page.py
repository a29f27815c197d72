"""The OpenAPI document as one HTML page, without scripts and without anything from elsewhere."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

Json = Mapping[str, Any]
Row = tuple[str, str, str]
"""A field: its name, what it is, and what it is for."""

STYLE = """
:root{--ink:#1d2433;--dim:#667085;--line:#e4e7ec;--page:#fff;--soft:#f6f7f9;--link:#b54708;
--get:#175cd3;--post:#067647;--put:#b54708;--patch:#b54708;--delete:#b42318}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#98a2b3;--line:#2b3343;--page:#11151d;
--soft:#1a202b;--link:#f79009;--get:#84adff;--post:#47cd89;--put:#fdb022;--patch:#fdb022;--delete:#f97066}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--page);
display:grid;grid-template-columns:15rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;background:var(--soft);
border-right:1px solid var(--line);font-size:.9rem}
nav a{display:block;color:inherit;text-decoration:none;padding:.15rem 0}
nav a:hover,main a{color:var(--link)}
main{padding:2rem clamp(1rem,4vw,4rem);max-width:64rem}
h1{margin:.2rem 0}h2{margin:3rem 0 .25rem;text-transform:capitalize}
h4{margin:1.2rem 0 .3rem;font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;
color:var(--dim)}
code,pre{font:.86em/1.5 ui-monospace,monospace}code{overflow-wrap:anywhere}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;
overflow:auto}
details{border:1px solid var(--line);border-radius:.6rem;margin:.6rem 0;padding:0 1rem}
details[open]{padding-bottom:1rem}
summary{cursor:pointer;padding:.65rem 0;display:flex;gap:.8rem;align-items:baseline;flex-wrap:wrap}
summary b{font:700 .75rem/1 ui-monospace,monospace;width:3.6rem}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
summary span,.dim{color:var(--dim)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td{border-top:1px solid var(--line);padding:.4rem .8rem .4rem 0;vertical-align:top}
td:first-child{white-space:nowrap;width:1%}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}
td:first-child{white-space:normal}}
"""
DEPTH = 3
"""How deep fields are told of: below, the document has to be read."""


def render(document: Json) -> str:
    """The page: every operation, grouped by noun, with what it takes and answers."""
    return _Page(document).html()


class _Page:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._server: str = document["servers"][0]["url"]

    def html(self) -> str:
        info = self._document["info"]
        groups = list(self._groups())
        menu = "".join(f'<a href="#{name}">{name.capitalize()}</a>' for name, _, _ in groups)
        sections = "".join(
            f'<section id="{name}"><h2>{name}</h2><p class="dim">{_text(about)}</p>'
            f"{''.join(operations)}</section>"
            for name, about, operations in groups
        )
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head><body>"
            f"<nav><strong>{escape(info['title'])}</strong>{menu}</nav><main>"
            f"<h1>{escape(info['title'])} API</h1><p>{_text(info['description'])}</p>"
            '<p>For machines: <a href="openapi.json">openapi.json</a>. Send your key as '
            f"<code>Authorization: Bearer $KEY</code> to <code>{escape(self._server)}</code>.</p>"
            f"{sections}</main></body></html>"
        )

    def _groups(self) -> Iterator[tuple[str, str, list[str]]]:
        found: dict[str, list[str]] = {tag["name"]: [] for tag in self._document["tags"]}
        for path, operations in self._document["paths"].items():
            for method, operation in operations.items():
                found[operation["tags"][0]].append(self._operation(method, path, operation))
        for tag in self._document["tags"]:
            yield tag["name"], tag["description"], found[tag["name"]]

    def _operation(self, method: str, path: str, operation: Json) -> str:
        parts = [f"<p>{_text(operation['description'])}</p>"]
        if operation["parameters"]:
            rows = [
                (known["name"], self._type(known["schema"]), known.get("description", ""))
                for known in operation["parameters"]
            ]
            parts.append(f"<h4>Parameters</h4>{_table(rows)}")
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            parts.append(f"<h4>Body, <code>{media_type}</code></h4>")
            parts.append(_table(list(self._fields(content["schema"]))))
        for status, response in operation["responses"].items():
            if status < "300":
                parts.append(f"<h4>Answer {status}</h4>{self._answer(response)}")
        refused = [
            (status, *self._resolved(response)["description"].split("\n")[:1])
            for status, response in operation["responses"].items()
            if status >= "300"
        ]
        faults = " · ".join(f"{status} {_text(about)}" for status, about in refused)
        parts.append(f"<h4>Faults</h4><p>{faults}</p>")
        parts.append(f"<h4>Example</h4><pre>{escape(self._curl(method, path, operation))}</pre>")
        return (
            f'<details id="{operation["operationId"]}"><summary><b class="{method}">'
            f"{method.upper()}</b><code>{escape(path)}</code>"
            f"<span>{_text(operation['summary'])}</span></summary>{''.join(parts)}</details>"
        )

    def _answer(self, response: Json) -> str:
        ((media_type, content),) = response["content"].items()
        schema = content["schema"]
        rows = list(self._fields(schema.get("contentSchema", schema)))
        return _table(rows) if rows else f"<p><code>{media_type}</code></p>"

    def _curl(self, method: str, path: str, operation: Json) -> str:
        lines = [f"curl {self._server}{path}"]
        if method != "get":
            lines[0] = f"curl -X {method.upper()} {self._server}{path}"
        if "security" not in operation:
            lines.append('-H "Authorization: Bearer $KEY"')
        content = operation.get("requestBody", {}).get("content", {})
        example = content.get("application/json", {}).get("example")
        if example is not None:
            lines.append('-H "Content-Type: application/json"')
            lines.append(f"-d '{json.dumps(example, ensure_ascii=False)}'")
        return " \\\n  ".join(lines)

    # --- schemas ---------------------------------------------------------------------------------

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def _fields(self, schema: Json, name: str = "", depth: int = DEPTH) -> Iterator[Row]:
        """The fields of a schema and, to some depth, of what is in them."""
        schema = self._whole(schema)
        required = schema.get("required", ())
        for field, inner in schema.get("properties", {}).items():
            full = f"{name}{field}"
            needed = " (required)" if field in required and depth == DEPTH else ""
            about = inner.get("description") or ""
            yield full, self._type(inner) + needed, about
            if depth:
                below = "[]." if "items" in self._whole(inner) else "."
                yield from self._fields(self._items(inner), f"{full}{below}", depth - 1)

    def _items(self, schema: Json) -> Json:
        whole = self._whole(schema)
        return self._whole(whole["items"]) if "items" in whole else whole

    def _whole(self, schema: Json) -> Json:
        """The branch that says most, where there are several."""
        schema = self._resolved(schema)
        branches = [self._whole(branch) for branch in schema.get("anyOf", ())]
        if "properties" in schema or not branches:
            return schema
        return max(branches, key=lambda branch: len(branch.get("properties", branch)))

    def _type(self, schema: Json) -> str:
        """What a value is, in a few words."""
        schema = self._resolved(schema)
        if "anyOf" in schema and "properties" not in schema:
            branches = dict.fromkeys(self._type(branch) for branch in schema["anyOf"])
            return " or ".join(sorted(branches, key="null".__eq__))
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return " | ".join("null" if value is None else str(value) for value in schema["enum"])
        if "items" in schema:
            inner = self._type(schema["items"])
            listed = f"list of ({inner})" if " or " in inner else f"list of {inner}"
            return f"{listed} or null" if "null" in schema["type"] else listed
        types = schema.get("type", "anything")
        words = types if isinstance(types, list) else [types]
        type_ = " or ".join([schema.get("format", words[0]), *words[1:]])
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is not None and most is not None:
            type_ += f", {least:,}–{most:,}"
        if "default" in schema:
            type_ += f", default {json.dumps(schema['default'])}"
        return type_


def _table(rows: Sequence[Row]) -> str:
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td class=dim>{escape(type_)}</td>"
        f"<td>{_text(about)}</td></tr>"
        for name, type_, about in rows
    )
    return f"<table>{cells}</table>"


def _text(text: str) -> str:
    """Text with its `code` set as such."""
    parts = escape(" ".join(text.split())).split("`")
    return "".join(
        f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)
    )
