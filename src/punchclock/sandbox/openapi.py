"""The control plane as an OpenAPI document, made of its table of endpoints and of the types that they name.

What the endpoints are, and what they do, is in control.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from inspect import cleandoc
from typing import Any, Final, Generic, TypeVar, get_args, get_origin

import msgspec

from punchclock import __version__

__all__ = ["Endpoint", "Lines", "description"]

H = TypeVar("H")
L = TypeVar("L")


class Lines(Generic[L]):
    """Marks an answer in JSON Lines, each of them an ``L``."""


class Endpoint(msgspec.Struct, Generic[H], frozen=True, kw_only=True):
    """One call.

    Attributes:
        method, path: of the request, the path without prefix.
        handler: what answers it.
        summary, details: what it does.
        query: its parameters in the query, with what they mean.
        takes: the type of its body, if it takes one, with examples of it.
        answers: the type of its answer, and the status.
    """

    method: str
    path: str
    handler: H
    summary: str
    details: str = ""
    query: Mapping[str, str] = {}
    takes: Any = None
    examples: tuple[Any, ...] = ()
    answers: Any
    status: int = 200


_REFERENCE: Final = "#/components/schemas/{name}"


def description(prefix: str, endpoints: Sequence[Endpoint[Any]], failure: type) -> dict[str, Any]:
    """The OpenAPI document of some endpoints that all reject in one form.

    Args:
        prefix: what every path begins with.
        endpoints: the calls.
        failure: the type of a rejection.
    """
    types = [failure]
    for endpoint in endpoints:
        types += [_content(each)[1] for each in (endpoint.takes, endpoint.answers) if each is not None]
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
    media, answers = _content(endpoint.answers)
    told: dict[str, Any] = {"summary": endpoint.summary}
    if endpoint.details:
        told["description"] = endpoint.details
    if endpoint.query:
        told["parameters"] = [
            {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
            for name, meaning in endpoint.query.items()
        ]
    if endpoint.takes is not None:
        examples = {f"example{number}": {"value": value} for number, value in enumerate(endpoint.examples, 1)}
        content = {"schema": schema_of[_key(endpoint.takes)], "examples": examples}
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    told["responses"] = {
        str(endpoint.status): {"description": "Done", "content": {media: {"schema": schema_of[_key(answers)]}}},
        "default": {"description": "Rejected", "content": {"application/json": {"schema": failure}}},
    }
    return told


def _content(answers: Any) -> tuple[str, Any]:  # noqa: ANN401 a type, or a form of one
    """The media type of an answer, and the type that it holds, or each of its lines."""
    if get_origin(answers) is Lines:
        return "application/x-ndjson", get_args(answers)[0]
    return "application/json", answers


def _key(of: Any) -> str:  # noqa: ANN401 as above
    return repr(of)


def _plain(schema: Any) -> Any:  # noqa: ANN401 a schema, or a part of one
    """A schema as this API has it: decimals are numbers, and what a docstring tells of an attribute stands there."""
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
    """A docstring's words, in one line and in Markdown."""
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()
