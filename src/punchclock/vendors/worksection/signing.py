"""The three ways to sign a call to Worksection's admin API with the account's key.

Sources: the vendor's page "Getting Started" for both hashes, its own client for the header (see
docs/vendors/worksection.md). The time in a header is not compared with a clock.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlencode

from punchclock.vendors.calls import Request
from punchclock.vendors.rules import secrets_equal


class Signature(StrEnum):
    """A way to sign a call."""

    PAGE = "page"  # hash = md5(page + action + key)
    QUERY = "query"  # hash = md5(query string of the parameters + key)
    HEADER = "header"  # Authorization: Admin {unix}_{hmac_sha256(key, "action:unix")}


def page_hash(page: str, action: str, key: str) -> str:
    """Return ``md5(page + action + key)``; ``page`` is empty for a call without one."""
    return _md5(f"{page}{action}{key}")


def query_hash(query: str, key: str) -> str:
    """Return ``md5(query + key)``, where ``query`` is the query string as sent, without the hash."""
    return _md5(f"{query}{key}")


def header(action: str, unix: str, key: str) -> str:
    """Return the ``Authorization`` header that signs an action at the Unix time ``unix``."""
    digest = hmac.new(_bytes(key), _bytes(f"{action}:{unix}"), hashlib.sha256).hexdigest()
    return f"Admin {unix}_{digest}"


def is_signed(request: Request, sent: Mapping[str, object], action: str, key: str) -> bool:
    """Return whether a request has one of the three signatures; ``False`` if the account has no key."""
    if not key:
        return False
    authorization = request.headers.get("authorization", "")
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "admin":
        unix, _, _ = credentials.partition("_")
        return unix.isascii() and unix.isdecimal() and secrets_equal(f"Admin {credentials}", header(action, unix, key))
    given = str(sent.get("hash", ""))
    rest = {name: value for name, value in sent.items() if name != "hash"}
    expected = (
        page_hash(str(sent.get("page", "")), action, key),
        query_hash(_as_sent(request), key),
        query_hash(urlencode(rest, errors="surrogatepass"), key),  # for a body in another form, such as multipart
    )
    return any(secrets_equal(given, each) for each in expected)


def _as_sent(request: Request) -> str:
    """Return the query string and the form body as the client encoded them, without the hash."""
    parts = request.query.split("&")
    if "form-urlencoded" in request.headers.get("content-type", "").lower():
        parts += request.body.decode().split("&")
    return "&".join(part for part in parts if part and not part.startswith("hash="))


def _md5(text: str) -> str:
    return hashlib.md5(_bytes(text), usedforsecurity=False).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
