"""The parts of ``multipart/form-data`` bodies, read with python-multipart within bounds.

`punchclock.vendors.wire` imports this module with the first such body, so that other calls load no parser for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

#: The most bytes of a header: a ``Content-Type`` of a body, or a line of a part. A field's name and a boundary are
#: short, and how a library splits the parameters of a long header need not be linear in its length.
MOST_HEADER_BYTES: Final = 1024

#: The most headers of a part. Clients send three at most.
MOST_HEADERS: Final = 8

# Without a handler, Python would write the parser's warnings about malformed bodies to standard error.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


def read_parts(content_type: str, body: bytes, most: int) -> list[tuple[str, str]]:
    """Return name and value of each part of a form.

    Args:
        content_type: the header ``Content-Type``, which contains the boundary.
        body: the body.
        most: the most parts that the body may have.

    Raises:
        UnicodeError: the header is not Latin-1, or a name or value is not UTF-8.
        ValueError: the body is not such a form, or a bound is exceeded.
    """
    if len(content_type) > MOST_HEADER_BYTES:
        raise ValueError(f"the content type is longer than {MOST_HEADER_BYTES} bytes")
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise ValueError("the content type has no boundary")
    form = _Form(most)
    parser = MultipartParser(
        boundary, form.callbacks(), max_header_count=MOST_HEADERS, max_header_size=MOST_HEADER_BYTES
    )
    parser.write(body)
    if not form.ended:
        raise ValueError("its end is missing")
    return form.parts


class _Form:
    """The parts of a form, as the parser reports them piece by piece."""

    def __init__(self, most: int) -> None:
        self.parts: list[tuple[str, str]] = []
        self.ended = False
        self._most = most
        self._field = b""
        self._header = b""
        self._name: bytes | None = None
        self._value: list[bytes] = []

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._read_field,
            "on_header_value": self._read_header,
            "on_header_end": self._end_header,
            "on_part_data": self._read_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) == self._most:
            raise ValueError(f"it has more than {self._most} parts")
        self._name, self._value = None, []

    def _read_field(self, data: bytes, start: int, end: int) -> None:
        self._field = data[start:end]

    def _read_header(self, data: bytes, start: int, end: int) -> None:
        self._header = data[start:end]

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._name = parse_options_header(self._header)[1].get(b"name")

    def _read_data(self, data: bytes, start: int, end: int) -> None:
        self._value.append(data[start:end])

    def _end_part(self) -> None:
        if self._name is None:
            raise ValueError("a part has no name")
        self.parts.append((self._name.decode(), b"".join(self._value).decode()))

    def _end(self) -> None:
        self.ended = True
