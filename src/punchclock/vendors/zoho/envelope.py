"""The envelope of Zoho People's responses: ``message``, ``uri`` and ``status``, as JSON and as XML.

The page's XML differs from its JSON: ``uri`` is an attribute, ``status`` comes first, the running timer and each
comment have an element of their own, and the timer's fields have another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.vendors.wire import is_xml, write_json, write_xml, xml_element, xml_payload


class Success(msgspec.Struct):
    """The content of a successful response; some calls have only a message."""

    message: str
    result: msgspec.Struct | Sequence[msgspec.Struct] | UnsetType = UNSET


class Problem(msgspec.Struct):
    """An error: its code, and the message that the vendor's page lists for that code."""

    code: int
    message: str


class ErrorEnvelope(msgspec.Struct):
    """The content of a rejection: one error for timers, a list of errors for comments."""

    message: str
    errors: Problem | Sequence[Problem]


def write_response(content: Success | ErrorEnvelope, uri: str, *, xml: bool) -> bytes:
    """Return a response: the content in the envelope of the call with this ``uri``."""
    if xml:
        return _in_xml(content, uri)
    body: dict[str, object]
    if isinstance(content, ErrorEnvelope):
        body = {"message": content.message, "uri": uri, "errors": content.errors, "status": 1}
    else:
        body = {} if content.result is UNSET else {"result": content.result}
        body |= {"message": content.message, "uri": uri, "status": 0}
    return write_json({"response": body})


def _in_xml(content: Success | ErrorEnvelope, uri: str) -> bytes:
    body: dict[str, Any] = {"status": int(isinstance(content, ErrorEnvelope)), "message": content.message}
    if isinstance(content, ErrorEnvelope):
        body["errors"] = content.errors
    elif content.result is not UNSET:
        body["result"] = _nested(msgspec.to_builtins(content.result))
    root = xml_element("response", body)
    root.set("uri", uri)
    return write_xml(root)


def _nested(result: dict[str, object] | list[dict[str, object]]) -> dict[str, object]:
    """Return a result as the page's XML nests and orders it: a timer, comments, or the id of a new entry."""
    match result:
        case dict():
            return {"timer": {**dict.fromkeys(_FIRST), **result}}
        case [reference] if len(reference) == 1:
            return reference
        case comments:
            return {"Comment": comments}


_FIRST: Final = ("date", "hours")  # the other fields have the same order as in JSON


def plain_response(payload: object) -> object:
    """Return an XML payload as the values that its JSON form decodes to, and any other payload unchanged.

    Raises:
        MalformedPayload: the payload looks like XML but is not well-formed.
    """
    if not is_xml(payload):
        return payload
    plain = xml_payload("zoho", payload)
    if "status" not in plain:  # only the result, or only the timer
        return plain.get("timer", plain)
    result = plain.pop("result", "")
    if isinstance(result, dict):
        plain["result"] = result.get("timer", result.get("Comment", result))
    return {"response": plain}
