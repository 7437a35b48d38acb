"""Parsing of TOML and XML documents, with errors in this project's own words. JSON is in `punchclock.decoding`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any, Final, NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from punchclock.decoding import Undecodable, not_utf8

_POSITION: Final[Callable[[str], re.Match[str] | None]] = re.compile(r"line (\d+), column (\d+)\)\Z").search


#: The most parts of a dotted key in TOML. tomllib's time and memory grow with the square of their number.
MOST_KEY_PARTS: Final = 32

# The tokens of TOML in which a dot does not join keys (texts, comments), then keys joined by dots; a key is a bare one
# or a text. Possessive repeats, and ends that a text may lack, make the search linear: no character is read twice.
_PART: Final = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)"""
_TOKENS: Final = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\Z)'''
    r"""|'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)"""
    r"|\#[^\n]*+"
    rf"|(?P<long>{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_KEY_PARTS}}})"
    rf"|{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+",
    re.DOTALL,
).finditer


def parse_toml(document: bytes) -> dict[str, Any]:
    """Return a TOML document as plain values.

    Raises:
        Undecodable: the document is not TOML in UTF-8, or a key has more than `MOST_KEY_PARTS` parts.
    """
    try:
        text = document.decode()
        if any(token.lastgroup for token in _TOKENS(text)):
            raise Undecodable(f"a dotted key has more than {MOST_KEY_PARTS} parts")
        return tomllib.loads(text)
    except UnicodeError as error:
        raise Undecodable(not_utf8(error)) from None
    except RecursionError:
        raise Undecodable("nested too deeply") from None
    except ValueError as error:  # not only `TOMLDecodeError`: tomllib raises others, too
        place = _POSITION(str(error))  # up to Python 3.13, only the message contains the position
        raise Undecodable("not valid TOML" + (f" (line {place[1]}, column {place[2]})" if place else "")) from None


def parse_xml(document: bytes | str) -> ET.Element:
    """Return the root of an XML document. Document types are rejected, so documents cannot declare entities.

    Namespaces are not resolved: a tag is the name as it is written. Otherwise each name in the document would become as
    long as its namespace's, and a short document with one long name would take gigabytes.

    Raises:
        Undecodable: the document is not XML, or has a document type.
    """
    tree = ET.TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    parser.StartDoctypeDeclHandler = _reject_doctype
    try:
        parser.Parse(document, True)  # noqa: FBT003 - it has no keyword arguments
    except expat.ExpatError as error:
        raise Undecodable(f"not valid XML (line {error.lineno}, column {error.offset})") from None
    except (ValueError, LookupError):  # an unknown or a multi-byte encoding
        raise Undecodable("not valid XML: its encoding is not supported") from None
    return tree.close()


def _reject_doctype(*_: object) -> NoReturn:
    raise Undecodable("a document type is not allowed in XML here")
