"""The OpenAPI document of the control plane, made from its table of endpoints and their types.

The endpoints are in control.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any, Final, Generic, TypeVar, get_args, get_origin

import msgspec

from punchclock import __version__

H = TypeVar("H")
L = TypeVar("L")


class Lines(Generic[L]):
    """Marks a response in JSON Lines; each line is an ``L``."""


class Endpoint(msgspec.Struct, Generic[H], frozen=True, kw_only=True):
    """One call of the control plane.

    Attributes:
        method, path: the request's method, and its path without the prefix.
        handler: the function that responds to it.
        summary, details: its description.
        query: the parameters in its query, with their descriptions.
        body, examples: the type of its body, if it has one, and examples.
        response, status: the type and the status of its response.
    """

    method: str
    path: str
    handler: H
    summary: str
    details: str = ""
    query: Mapping[str, str] = {}
    body: Any = None
    examples: tuple[Any, ...] = ()
    response: Any
    status: int = 200


_REFERENCE: Final = "#/components/schemas/{name}"


def description(prefix: str, endpoints: Sequence[Endpoint[Any]], failure: type) -> dict[str, Any]:
    """Return the OpenAPI document.

    Args:
        prefix: the prefix of every path.
        endpoints: the calls.
        failure: the type of every rejection.
    """
    types = [failure]
    for endpoint in endpoints:
        types += [_content(each)[1] for each in (endpoint.body, endpoint.response) if each is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schema_of = {_key(each): schema for each, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(f"{prefix}/{endpoint.path}", {})[endpoint.method.lower()] = _operation(
            endpoint, schema_of, schema_of[_key(failure)]
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "punchclock sandbox: control plane",
            "version": __version__,
            "description": "The clock, the timers, the journal and the faults of a running sandbox.",
        },
        "paths": paths,
        "components": {
            "schemas": {name: _plain(schema) for name, schema in components.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(endpoint: Endpoint[Any], schema_of: Mapping[str, Any], failure: Any) -> dict[str, Any]:  # noqa: ANN401
    media, response = _content(endpoint.response)
    operation: dict[str, Any] = {"summary": endpoint.summary}
    if endpoint.details:
        operation["description"] = endpoint.details
    if endpoint.query:
        operation["parameters"] = [
            {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
            for name, meaning in endpoint.query.items()
        ]
    if endpoint.body is not None:
        examples = {f"example{number}": {"value": value} for number, value in enumerate(endpoint.examples, 1)}
        content = {"schema": schema_of[_key(endpoint.body)], "examples": examples}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    operation["responses"] = {
        str(endpoint.status): {"description": "Done", "content": {media: {"schema": schema_of[_key(response)]}}},
        "default": {"description": "Rejected", "content": {"application/json": {"schema": failure}}},
    }
    return operation


def _content(of: Any) -> tuple[str, Any]:  # noqa: ANN401 a type or a generic alias
    """Return the media type of a response, and the type of its content or of each of its lines."""
    if get_origin(of) is Lines:
        return "application/x-ndjson", get_args(of)[0]
    return "application/json", of


def _key(of: Any) -> str:  # noqa: ANN401 as above
    return repr(of)


def _plain(schema: Any) -> Any:  # noqa: ANN401 a schema or a part of one
    """Return a schema in which decimals are numbers and each property has its description from the docstring."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema == {"type": "string", "format": "decimal"}:
        return {"type": "number"}
    plain = {name: _plain(part) for name, part in schema.items()}
    if isinstance(docstring := plain.get("description"), str):
        text, _, attributes = cleandoc(docstring).partition("\n\nAttributes:\n")
        plain["description"] = _prose(text)
        for names, meaning in re.findall(r"^ {4}(\S[^:]*): ((?:.|\n {5})*)", attributes, flags=re.MULTILINE):
            for name in names.split(", "):
                plain["properties"][name] = plain["properties"][name] | {"description": _prose(meaning)}
    return plain


def _prose(text: str) -> str:
    """Return the text of a docstring in one line and in Markdown."""
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()
