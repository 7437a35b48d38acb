"""Parsing of TOML and XML documents, with errors in this project's own words. JSON is in `punchclock.decoding`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any, Final, NoReturn
from xml.etree import ElementTree as ET

from punchclock.decoding import Undecodable, not_utf8

_POSITION: Final[Callable[[str], re.Match[str] | None]] = re.compile(r"line (\d+), column (\d+)\)\Z").search


def parse_toml(document: bytes) -> dict[str, Any]:
    """Return a TOML document as plain values.

    Raises:
        Undecodable: the document is not TOML in UTF-8.
    """
    try:
        return tomllib.loads(document.decode())
    except UnicodeError as error:
        raise Undecodable(not_utf8(error)) from None
    except RecursionError:
        raise Undecodable("nested too deeply") from None
    except ValueError as error:  # not only `TOMLDecodeError`: tomllib raises others, too
        place = _POSITION(str(error))  # up to Python 3.13, only the message contains the position
        raise Undecodable("not valid TOML" + (f" (line {place[1]}, column {place[2]})" if place else "")) from None


def parse_xml(document: bytes | str) -> ET.Element:
    """Return the root of an XML document. Document types are rejected, so documents cannot declare entities.

    Raises:
        Undecodable: the document is not XML, or has a document type.
    """
    try:
        return ET.fromstring(document, ET.XMLParser(target=_NoDoctype()))  # noqa: S314 - no entities
    except ET.ParseError as error:
        line, column = error.position
        raise Undecodable(f"not valid XML (line {line}, column {column})") from None
    except (ValueError, LookupError):  # an unknown or a multi-byte encoding
        raise Undecodable("not valid XML: its encoding is not supported") from None


class _NoDoctype(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise Undecodable("a document type is not allowed in XML here")
