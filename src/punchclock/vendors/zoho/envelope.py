"""What stands around every answer of Zoho People: ``message``, ``uri`` and ``status``, as JSON and as XML.

The page's XML is not its JSON in other brackets: the ``uri`` is an attribute, the status comes first, the running
timer and each comment stand in an element of their own, and the timer's fields have another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.vendors.wire import is_xml, write_json, write_xml, xml_element, xml_payload

__all__ = ["ErrorEnvelope", "Problem", "Success", "plain_response", "write_response"]


class Success(msgspec.Struct):
    """What a call that succeeds says; some say no more than their message."""

    message: str
    result: msgspec.Struct | Sequence[msgspec.Struct] | UnsetType = UNSET


class Problem(msgspec.Struct):
    """An error: its code, and what the page's table says of the code."""

    code: int
    message: str


class ErrorEnvelope(msgspec.Struct):
    """What a call that is rejected says: of timers one error, of comments a list of them."""

    message: str
    errors: Problem | Sequence[Problem]


class _SuccessBody(msgspec.Struct):
    result: msgspec.Struct | Sequence[msgspec.Struct] | UnsetType
    message: str
    uri: str
    status: int = 0


class _RejectionBody(msgspec.Struct):
    message: str
    uri: str
    errors: Problem | Sequence[Problem]
    status: int = 1


class _Envelope(msgspec.Struct):
    response: _SuccessBody | _RejectionBody


def write_response(said: Success | ErrorEnvelope, uri: str, *, xml: bool) -> bytes:
    """What a call says, in the envelope that bears its ``uri``."""
    if xml:
        return _in_xml(said, uri)
    if isinstance(said, Success):
        return write_json(_Envelope(_SuccessBody(said.result, said.message, uri)))
    return write_json(_Envelope(_RejectionBody(said.message, uri, said.errors)))


def _in_xml(said: Success | ErrorEnvelope, uri: str) -> bytes:
    content: dict[str, Any] = {"status": int(isinstance(said, ErrorEnvelope)), "message": said.message}
    if isinstance(said, ErrorEnvelope):
        content["errors"] = said.errors
    elif said.result is not UNSET:
        content["result"] = _nested(msgspec.to_builtins(said.result))
    root = xml_element("response", content)
    root.set("uri", uri)
    return write_xml(root)


def _nested(result: dict[str, object] | list[dict[str, object]]) -> dict[str, object]:
    """A result as the page's XML nests and orders it: a timer, comments, or the one id of what is new."""
    match result:
        case dict():
            return {"timer": {**dict.fromkeys(_FIRST), **result}}
        case [reference] if len(reference) == 1:
            return reference
        case comments:
            return {"Comment": comments}


_FIRST: Final = ("date", "hours")  # ahead of ``jobName``, which is first in JSON; all others keep their places


def plain_response(payload: object) -> object:
    """A payload in XML as the JSON of the same would decode; any other as it is.

    Raises:
        MalformedPayload: it begins as XML does and is none.
    """
    if not is_xml(payload):
        return payload
    plain = xml_payload("zoho", payload)
    if "status" not in plain:  # the result alone, or the timer alone
        return plain.get("timer", plain)
    result = plain.pop("result", "")
    if isinstance(result, dict):
        plain["result"] = result.get("timer", result.get("Comment", result))
    return {"response": plain}
