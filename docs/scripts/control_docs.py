"""The docs page of the control plane, from the OpenAPI document that the sandbox serves."""

from __future__ import annotations

import json
from typing import Any

from punchclock.sandbox.control import openapi


def control_pages() -> dict[str, str]:
    """Return the document, and a page part made from it, by the names of their files."""
    document = openapi()
    calls = [
        _call(method.upper(), path, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return {
        "openapi.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "control-plane.md": "## Calls\n\n" + "\n".join(calls) + "\n## Shapes\n\n" + "\n".join(schemas),
    }


def _call(method: str, path: str, call: dict[str, Any]) -> str:
    lines = [f"### {method} {path}", "", f"{call['summary']}.", ""]
    if "description" in call:
        lines += [call["description"], ""]
    lines += [f"`?{each['name']}=…`: {each['description']}.\n" for each in call.get("parameters", ())]
    if "requestBody" in call:
        (content,) = call["requestBody"]["content"].values()
        lines += [f"The body is {_type(content['schema'])}, for example:", "", "```json"]
        lines += [json.dumps(each["value"]) for each in content["examples"].values()]
        lines += ["```", ""]
    status, answer = next(iter(call["responses"].items()))
    ((media, content),) = answer["content"].items()
    each = ", one per line" if "ndjson" in media else ""
    return "\n".join([*lines, f"The response is {status} with {_type(content['schema'])}{each} (`{media}`).", ""])


def _schema(name: str, schema: dict[str, Any]) -> str:
    lines = [f"### {name}", "", schema.get("description", ""), ""]
    if "enum" in schema:
        return "\n".join([*lines, ", ".join(f"`{each}`" for each in schema["enum"]), ""])
    lines += ["| field | type | |", "|---|---|---|"]
    for field, of in schema["properties"].items():
        must = "" if field in schema["required"] or name in ("JournalEntry", "JournalChange") else "optional; "
        lines.append(f"| `{field}` | {_type(of)} | {must}{of.get('description', '')} |")
    return "\n".join([*lines, ""])


def _type(schema: dict[str, Any]) -> str:
    """Describe a schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        kinds = dict.fromkeys(_type(each) for each in schema["anyOf"] if each.get("type") != "null")
        return "number" if set(kinds) == {"integer", "number"} else " or ".join(kinds)
    if schema.get("type") == "array":
        return f"a list of {_type(schema['items'])}"
    return str(schema.get("type", "any"))
