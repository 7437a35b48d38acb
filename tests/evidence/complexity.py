"""Complexity: time and memory of every parser and every handler grow in proportion to the input, whatever its shape.

An input is a form of a subject with a hole, which a hostile shape fills: a delimiter repeated, nesting, many keys,
parts, attributes or marks, a long number. Each input is tried at growing sizes, the next only if the last one was in
proportion, so that a mistake is found before it takes minutes or all memory.

Only the processor's time of this thread counts. The smallest size and a suspicious one are measured several times, and
the least time decides: another process can make an input look slow, but not each time.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from itertools import count
from typing import Any, Final

import msgspec

from evidence import clients
from evidence.claims import Budget, Claim, Refuted
from punchclock.durations import parse_duration
from punchclock.errors import PunchclockError
from punchclock.eventlog import parse_line
from punchclock.instants import parse_instant
from punchclock.sandbox.backend import MAX_BODY, MAX_HEADERS
from punchclock.serialization import loads
from punchclock.timer import start
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request, Vendor
from punchclock.vendors.workspace import Job, Person, Task
from punchclock.workspaces import demo_workspace, parse_workspace

#: The sizes of an input in bytes; a square exceeds `_FACTOR` between the first and the second.
_SIZES: Final = (1 << 10, 1 << 14, 1 << 16, 1 << 18, 1 << 20)

#: How much more a byte of a larger input may cost than a byte of the cheapest smaller one.
_FACTOR: Final = 8

_LEAST_TIME: Final = 50_000_000  # nanoseconds; less is not refuted
_LEAST_MEMORY: Final = 16 << 20  # bytes
_MOST_TRACED: Final = 1 << 14  # the largest input whose memory is traced, which takes several times as long
_SMALL: Final = 1 << 10  # the largest input that is always measured again: larger ones are compared with it
_AGAIN: Final = 5  # measurements of such an input, and of one of a suspicious size

_HOLE: Final = "HOLE"


# ---- shapes --------------------------------------------------------------------------------------

#: Texts that are repeated: the delimiters of every format, escapes, marks, and pieces that a lenient parser might join.
_UNITS: Final = (
    *(b"; & = % , \" ' { } [ ] < > . : - + / \\ # ? * ( ) @ 0 9 a A".split()),
    *(b" ", b"\t", b"\n", b"\r\n", b"\x00", b"\x7f", b"\xff", b"\xef\xbb\xbf", b"\xc3\xa9", b"\xed\xa0\x80"),
    *b"""\\\" \\\\ \\u0041 \\ud800 %41 %C3 &amp; &#65; <!-- <![CDATA[ <script <a> </a> <a/>""".split(),
    *b"""a. a= a& a; a, a: a.a= q=0.1, --X \"; =\" \"\"\"  {\"a\": {a= 1e 1_ 1:""".split(),
    *(b"'''", b"a b ", b"; a=b", b"\r\n--X", b"--X\r\n", b"a\n", b"a=1\n", b"[a]\n", b"[[a]]\n"),
)

#: Texts in which N is a number that differs each time they are repeated.
_NUMBERED: Final = (
    *('"kN":1,', '{"N":1},', "kN=1&", "kN&", "kN;", "; kN=1", 'kN="N",', "<kN>1</kN>", ' kN="1"', "<a>N</a>", "N,"),
    *("kN = 1\n", "[kN]\n", "[a.kN]\n", "a.kN = 1\n", "[[k]]\na = N\n", "{kN = 1},", "kN.a.b.c.d = 1\n", "&kN;"),
    *('--X\r\nContent-Disposition: form-data; name="kN"\r\n\r\nN\r\n', "kN: 1\r\n"),
)

#: The begin and the end of a level of nesting.
_NESTED: Final = (
    *((b"[", b"]"), (b'{"a":', b"}"), (b"{a=", b"}"), (b"<a>", b"</a>"), (b"(", b")"), (b'[{"a":', b"}]")),
    *((b'{"data":[', b"]}"), (b"<timer>", b"</timer>")),
)


def _repeated(unit: bytes, size: int) -> bytes:
    return unit * (size // len(unit))


def _numbered(text: str, size: int) -> bytes:
    """Repeat a text with a number in it, which differs each time."""
    pieces: list[str] = []
    length = 0
    for number in count():
        pieces.append(text.replace("N", f"{number:x}"))
        length += len(pieces[-1])
        if length >= size:
            return "".join(pieces).encode()
    raise AssertionError


def _nested(begin: bytes, end: bytes, size: int) -> bytes:
    depth = size // (len(begin) + len(end))
    return begin * depth + end * depth


def _long_namespace(size: int) -> bytes:
    """Return the rest of a start tag with a long namespace, and short elements in it."""
    return b' xmlns="' + b"u" * (size // 2) + b'">' + b"<a/>" * (size // 8)


_Shape = Callable[[int], bytes]

SHAPES: Final[Mapping[str, _Shape]] = {
    **{f"{unit!r} repeated": partial(_repeated, unit) for unit in _UNITS},
    **{f"{text!r} numbered": partial(_numbered, text) for text in _NUMBERED},
    **{f"{begin!r} nested": partial(_nested, begin, end) for begin, end in _NESTED},
    "a long namespace": _long_namespace,
}


# ---- subjects ------------------------------------------------------------------------------------


class Subject(msgspec.Struct, frozen=True):
    """Code that reads untrusted bytes.

    Attributes:
        claim: what is claimed, in a sentence.
        read: reads the filled form; may raise `PunchclockError`.
        forms: texts, each with one ``HOLE``.
        most: the most bytes that it is given.
    """

    claim: str
    read: Callable[[bytes], object]
    forms: tuple[str, ...]
    most: int = 1 << 20


def check(subject: Subject, most: int, shapes: Mapping[str, _Shape] = SHAPES, *, one_in: int = 1) -> int:
    """Read forms with shapes in their holes, at growing sizes, and return the number of inputs.

    Args:
        subject: what reads them.
        most: the largest size in bytes.
        shapes: the shapes.
        one_in: try only one in so many pairs of a form and a shape, others for each subject.

    Raises:
        Refuted: time or memory grows faster than the input.
    """
    tried = 0
    pairs = [(form, name) for name in shapes for form in subject.forms]
    for form, name in pairs[len(subject.claim) % one_in :: one_in]:
        before, after = (part.encode() for part in form.split(_HOLE))
        times: list[float] = []
        peaks: list[float] = []
        for size in _SIZES:
            if size > min(most, subject.most):
                break
            data = before + shapes[name](max(size - len(before) - len(after), 1)) + after
            what = f"{form[:200]!r} with {name}"
            if size <= _MOST_TRACED:
                _compare(what, size, _memory(subject, data) / size, peaks, _LEAST_MEMORY, "bytes of memory")
            spent = min(_time(subject, data) for _ in range(_AGAIN if size <= _SMALL else 1))
            if _exceeds(spent / size, times, size, _LEAST_TIME):
                spent = min(_time(subject, data) for _ in range(_AGAIN))
            _compare(what, size, spent / size, times, _LEAST_TIME, "ns")
            tried += 1
    return tried


def _exceeds(cost: float, smaller: list[float], size: int, least: int) -> bool:
    return bool(smaller) and cost * size > least and cost > _FACTOR * min(smaller)


def _compare(what: str, size: int, cost: float, smaller: list[float], least: int, unit: str) -> None:
    if _exceeds(cost, smaller, size, least):
        raise Refuted(f"{what}: {cost:.0f} {unit} for each of {size} bytes, but {min(smaller):.0f} for fewer")
    smaller.append(cost)


def _time(subject: Subject, data: bytes) -> int:
    """Return the nanoseconds of this thread's time."""
    collects = gc.isenabled()
    gc.disable()
    begin = time.thread_time_ns()
    try:
        subject.read(data)
    except PunchclockError:
        pass
    finally:
        spent = time.thread_time_ns() - begin
        if collects:
            gc.enable()
    return spent


def _memory(subject: Subject, data: bytes) -> int:
    """Return the bytes that reading takes at once, at most."""
    tracemalloc.start()
    try:
        subject.read(data)
    except PunchclockError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


_AT: Final = clients.MORNING
_LINE: Final = '{"timer":"T","event":"start","at":"2026-03-02T08:00:00Z",'
_LINES: Final = (
    _HOLE,
    _LINE + '"note":"HOLE"}',
    _LINE + '"meta":{HOLE}}',
    _LINE + "HOLE}",
    _LINE.replace("start", "amend") + '"since":"2026-03-02T08:00:00Z","worked_seconds":HOLE}',
)
_SAVED: Final = '{"version":1,"state":"running","started_at":0,"since":0,"worked":'
_WORKSPACE: Final = '{"name":"W","people":[{"id":1,"name":"a","role":"manager"}],'
_JSON: Final = (
    *(_HOLE, '{"name":"HOLE","people":[]}', '{"name":"W","people":[HOLE]}'),
    *(_WORKSPACE + '"tasks":HOLE}', _WORKSPACE + "HOLE}"),
)
_TOML: Final = (
    *(_HOLE, 'name = "HOLE"', "name = '''HOLE'''", "[HOLE]", "a = [HOLE]", "HOLE = 1"),
    'name = "W"\npeople = []\nHOLE',
)


def _parsers() -> Iterator[Subject]:
    yield Subject("an event log's line", parse_line, _LINES)
    yield Subject("an instant", _text(parse_instant), (_HOLE, "2026-03-02T08:00:00.HOLEZ"))
    yield Subject("a duration", _text(parse_duration), (_HOLE, "HOLE:00:00"))
    saved = (_HOLE, _SAVED + "HOLE}", _SAVED + "0,HOLE}", '{"version":1,"state":"HOLE"}')
    yield Subject("a saved timer", loads, saved)
    yield Subject("a workspace in TOML", lambda data: parse_workspace(data, "toml"), _TOML)
    yield Subject("a workspace in JSON", lambda data: parse_workspace(data, "json"), _JSON)


@cache
def _payloads(vendor: Vendor[Any]) -> tuple[str, ...]:
    """Return payloads of a timer with a text that is ``HOLE``, in each format that the vendor writes."""
    person = Person(id="3", name=_HOLE if vendor.name != "intervals" else "ben")
    note = _HOLE if vendor.name == "intervals" else ""
    job, task = Job(id="41", name="UI"), Task(id="31", name="Design")
    record = vendor.timer_types[0](id="7", timer=start(_AT), person=person, note=note, job=job, task=task)
    written = [vendor.serialize(record, _AT)]
    if vendor.name in ("intervals", "zoho"):
        serialize: Any = vendor.serialize
        written.append(serialize(record, _AT, xml=True))
    return tuple(payload.decode() for payload in written)


def _responses(vendor: Vendor[Any], data: bytes) -> None:
    """Read a body as the response to each call that has a reader of its own, as a success and as a rejection."""
    for operation in {row.reader: row.name for row in vendor.operations}.values():
        for status in (200, 400):
            try:
                vendor.read_response(operation, status, {}, data, now=_AT)
            except PunchclockError:
                continue


def _date(vendor: Vendor[Any], data: bytes) -> object:
    body = _payloads(vendor)[0].encode()
    return vendor.read_response(vendor.operations[0].name, 200, {"date": data.decode("latin-1")}, body)


@cache
def _account() -> MemoryAccount:
    return MemoryAccount(demo_workspace())


#: The bodies of a call: the header ``Content-Type``, and forms of the body.
_BODIES: Final = {
    "application/x-www-form-urlencoded": (_HOLE, "a=HOLE", "action=HOLE&hash=a"),
    "application/json": (_HOLE, '{"name":"HOLE"}', '{"name":HOLE}', "{HOLE}"),
    "application/xml": (
        _HOLE,
        "<timer>HOLE</timer>",
        "<timer><name>HOLE</name></timer>",
        "<timer HOLE/>",
        "<timerHOLE</timer>",
    ),
    "multipart/form-data; boundary=X": (
        _HOLE,
        '--X\r\nContent-Disposition: form-data; name="HOLE"\r\n\r\n1\r\n--X--',
        "--X\r\nContent-Disposition: HOLE\r\n\r\n1\r\n--X--",
        "--X\r\nHOLE\r\n\r\n1\r\n--X--",
        '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\nHOLE\r\n--X--',
        "HOLE--X--",
    ),
}

#: The headers of a call that some vendor reads, and forms of their values.
_HEADERS: Final = {
    "accept": (_HOLE, "text/html, HOLE"),
    "content-type": (
        *(_HOLE, "multipart/form-data; boundary=HOLE", "multipart/form-data; HOLE; boundary=X"),
        "text/xml; charset=HOLE",
    ),
    "authorization": (_HOLE, "Basic HOLE", "Bearer HOLE", "Admin HOLE", "Admin 0_HOLE"),
    "x-timetrack-api-key": (_HOLE,),
    "x-timetrack-api-secret": (_HOLE,),
    "cookie": (_HOLE,),
}


@cache
def _example(vendor: Vendor[Any]) -> Request:
    request = vendor.example(_account().workspace, _AT)
    if request is None:
        raise Refuted(f"{vendor.name} has no example in the demo workspace")
    return request


def _handle(vendor: Vendor[Any], request: Request) -> None:
    vendor.handle(request, _account(), _AT)


def _with_body(vendor: Vendor[Any], media: str, data: bytes) -> None:
    like = _example(vendor)
    headers = {**like.headers, "content-type": media}
    _handle(vendor, msgspec.structs.replace(like, method="POST", headers=headers, body=data))


def _with_header(vendor: Vendor[Any], name: str, data: bytes) -> None:
    like = _example(vendor)
    value = data.decode("latin-1")
    encoded = "Basic " + b64encode(data).decode()
    for each in (value, encoded) if name == "authorization" else (value,):
        _handle(vendor, msgspec.structs.replace(like, headers={**like.headers, name: each}, body=b"--X--"))


def _with_query(vendor: Vendor[Any], data: bytes) -> None:
    like = _example(vendor)
    query = data.decode("utf-8", "surrogateescape")
    _handle(vendor, msgspec.structs.replace(like, query=f"{like.query}&{query}" if like.query else query))


def _with_path(vendor: Vendor[Any], data: bytes) -> None:
    vendor.match_length(path := data.decode("utf-8", "surrogateescape"))
    _handle(vendor, msgspec.structs.replace(_example(vendor), path=path))


def _of_vendor(vendor: Vendor[Any]) -> Iterator[Subject]:
    name = vendor.title
    payloads = (_HOLE, *_payloads(vendor))
    yield Subject(f"a payload of {name}", lambda data: vendor.parse(data, _AT), payloads)
    yield Subject(f"a response of {name}", partial(_responses, vendor), payloads)
    yield Subject(f"the Date of a response of {name}", partial(_date, vendor), (_HOLE, "Mon, HOLE"), MAX_HEADERS)
    for media, forms in _BODIES.items():
        kind = media.partition(";")[0].rpartition("/")[2]
        yield Subject(f"a call to {name} in {kind}", partial(_with_body, vendor, media), forms, MAX_BODY)
    for header, forms in _HEADERS.items():
        yield Subject(f"a call to {name} with {header}", partial(_with_header, vendor, header), forms, MAX_HEADERS)
    yield Subject(f"the query of a call to {name}", partial(_with_query, vendor), (_HOLE, "a=HOLE"), MAX_HEADERS)
    path = _example(vendor).path
    yield Subject(f"the path of a call to {name}", partial(_with_path, vendor), (_HOLE, f"{path}/HOLE"), MAX_HEADERS)


def subjects() -> Iterator[Subject]:
    """Yield every parser, and every part of every vendor's calls and responses."""
    yield from _parsers()
    for client in clients.every():
        yield from _of_vendor(client.vendor)


def _in_proportion(subject: Subject, budget: Budget) -> str:
    tried = check(subject, budget.longest_input, one_in=budget.one_shape_in)
    most = min(budget.longest_input, subject.most)
    return f"{tried} inputs of up to {most >> 10} KB in {len(SHAPES)} hostile shapes"


CLAIMS: Final = tuple(
    Claim(f"{subject.claim} costs time and memory in proportion to its length", partial(_in_proportion, subject))
    for subject in subjects()
)
