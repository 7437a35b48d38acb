"""Fuzz: every parser of bytes under a coverage-guided fuzzer; it has two answers, a value or a named error.

A target is a parser, what holds of its values, and a corpus to begin with: the samples of the vendors' pages, their
requests and responses as the package itself writes them, the examples, and texts by hand. atheris runs each in a
process of its own, which it takes over and which has a bound; what it finds is a counter-example, and becomes a test in
``tests/test_fuzz_findings.py``. Where there is no atheris, the corpus is changed at random instead, and the size
says so.

The short budget is a number of inputs, and they are the same ones in every run: one seed, one order of the corpus, and
nothing in the fuzzer that looks at a clock. The long one is a time, from another seed in each run.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
from defusedxml.ElementTree import fromstring

from evidence import clients
from evidence.claims import Budget, Claim, Refuted
from evidence.clients import MORNING, Client
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import PunchclockError
from punchclock.eventlog import Entry, parse_line
from punchclock.instants import format_instant, parse_instant
from punchclock.machine import Event
from punchclock.sandbox.backend import Backend
from punchclock.sandbox.control import ENDPOINTS, PREFIX, control
from punchclock.sandbox.faults import ConnectionDropped
from punchclock.serialization import dumps, loads
from punchclock.timer import pause, start
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import CallResult, Request
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import VendorTimer
from punchclock.workspaces import demo_workspace, parse_workspace

__all__ = ["CLAIMS", "TARGETS", "Target", "attack", "fuzzed", "read_request", "replayed", "written_request"]

_ROOT: Final = Path(__file__).parents[2]
_LATER: Final = MORNING + 600_000_000
_LONGEST: Final = 4096  # bytes of one input


class Target(msgspec.Struct, frozen=True):
    """What is fuzzed.

    Attributes:
        claim: what holds of it, in a sentence.
        parse: reads the bytes; raises `PunchclockError` for those that it rejects, and `Refuted` for a wrong value.
        corpus: what to begin with.
        pace: how many inputs it takes where the slowest target takes one, about.
    """

    claim: str
    parse: Callable[[bytes], object]
    corpus: Callable[[], list[bytes]]
    pace: int = 1


def attack(target: Target, data: bytes) -> bool:
    """Give a target some bytes, and say whether it read them.

    Raises:
        Refuted: it answered with neither a value nor a named error, or with a wrong value.
    """
    try:
        target.parse(data)
    except Refuted:
        raise
    except PunchclockError as error:
        said = str(error)
        if not said or "\n" in said or not error.code:
            raise Refuted(f"{data!r}: the error is not one line: {said!r}") from error
        return False
    except Exception as error:
        raise Refuted(f"{data!r}: {type(error).__name__}: {error}") from error
    return True


# ---- texts and files -----------------------------------------------------------------------------


def _text(data: bytes) -> str:
    """Any text at all, half of a surrogate pair included."""
    return data.decode("utf-8", "surrogateescape")


def _instant(data: bytes) -> None:
    at = parse_instant(_text(data))
    if parse_instant(format_instant(at)) != at:
        raise Refuted(f"{data!r}: {at} is not read back")


def _duration(data: bytes) -> None:
    duration = parse_duration(_text(data))
    if parse_duration(format_duration(duration)) != duration:
        raise Refuted(f"{data!r}: {duration} is not read back")


def _saved(data: bytes) -> None:
    timer = loads(data)
    if loads(dumps(timer)) != timer or not 0 <= timer.worked <= timer.since - timer.started_at:
        raise Refuted(f"{data!r}: {timer}")


def _line(data: bytes) -> None:
    entry = parse_line(data)
    if not isinstance(entry, Entry) or not entry.timer:
        raise Refuted(f"{data!r}: {entry}")


def _lines() -> list[bytes]:
    files = [_ROOT / "docs" / "examples" / name for name in ("week.jsonl", "bad.jsonl")]
    amended = (
        b'{"timer":"T","event":"amend","at":"2026-03-02T08:00:00Z","worked_seconds":1.5,"since":"2026-03-02T08:00:00Z"}'
    )
    return [amended, *(line for file in files for line in file.read_bytes().splitlines())]


def _timers() -> list[bytes]:
    running = start(MORNING)
    return [dumps(timer).encode() for timer in (running, pause(running, _LATER))]


def _demo() -> bytes:
    return resources.files("punchclock").joinpath("demo.toml").read_bytes()


def _as_json() -> list[bytes]:
    return [
        msgspec.json.encode(tomllib.loads(_demo().decode())),
        b'{"name":"W","people":[{"id":1,"name":"a","role":"manager"}]}',
    ]


def _as_toml() -> list[bytes]:
    return [_demo(), b'name = "W"\n[[people]]\nid = 1\nname = "a"\nrole = "manager"\n[settings]\nwork_days = [1]\n']


_INSTANTS: Final = (
    b"2026-03-02T08:00:00Z",
    b"2026-03-02t09:00:00.25+01:00",
    b"0001-01-01T00:00:00-00:01",
    b"2026-03-02T08:00:00",
)
_DURATIONS: Final = (b"00:00:00", b"123:04:05", b"999999999999999:59:59")


# ---- a vendor's calls ----------------------------------------------------------------------------


def read_request(data: bytes) -> Request:
    """The request that bytes spell as HTTP does: a line of method and target, headers, a blank line, the body.

    Nothing is rejected: what a server would not let through has to be borne as well.
    """
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, _, target = first.partition(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Request(method=method, path=path, query=query, headers=headers, body=body)


def written_request(request: Request) -> bytes:
    """What `read_request` reads as this request."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {target}", *(f"{name}: {value}" for name, value in request.headers.items())]
    return "\n".join(lines).encode("latin-1") + b"\n\n" + request.body


@cache
def _account(name: str) -> tuple[MemoryAccount, tuple[tuple[VendorTimer, ...], ...]]:
    """An account with timers that run and timers that stand, and all of them as they were."""
    client = next(each for each in clients.every() if each.name == name)
    account = MemoryAccount(demo_workspace())
    for action, people in ((Event.START, "123"), (Event.PAUSE, "2")):
        for move in client.dialect.bindings:
            asked = client.moves[move.operation, move.flag]
            for id in people if move.action is action else "":
                person = account.workspace.people[id]
                theirs = account.find(Query(of=asked.of, people=(id,))).records
                request = asked.ask(person, theirs[0] if theirs else None, MORNING)
                account.apply(client.handle(request, account, MORNING).changes)
    return account, _kept(client, account)


def _kept(client: Client, account: MemoryAccount) -> tuple[tuple[VendorTimer, ...], ...]:
    kinds = dict.fromkeys(asked.of for asked in client.moves.values())
    return tuple(account.find(Query(of=of)).records for of in kinds)


def _handle(client: Client, data: bytes) -> None:
    """One call: an answer in the vendor's shape, nothing written, and changes only as its dialect has them."""
    account, kept = _account(client.name)
    request = read_request(data)
    outcome = client.handle(request, account, _LATER)
    said = f"{client.name}: {data!r}: {outcome.response}"
    if _kept(client, account) != kept:
        raise Refuted(f"{said}: the account was written to")
    clients.held_to_the_table(said, client, account, outcome)
    response = outcome.response
    kind = response.headers.get("content-type", "")
    try:
        if "json" in kind:
            msgspec.json.decode(response.body)
        elif "xml" in kind:
            fromstring(response.body)
    except Exception as error:
        raise Refuted(f"{said}: the body is not {kind}: {error}") from error
    _read_back(client, said, outcome)


def _read_back(client: Client, said: str, outcome: CallResult) -> None:
    """A rejection is read as the same rejection by the vendor's own reader."""
    if outcome.rejection is None:
        return
    response, rejected = outcome.response, outcome.rejection
    operation = outcome.operation or client.module.OPERATIONS[0].name
    try:
        client.module.read_response(operation, response.status, response.headers, response.body, now=_LATER)
    except Rejection as read:
        if (read.status, read.vendor_code) == (rejected.status, rejected.vendor_code):
            return
        raise Refuted(f"{said}: read as {read}") from read
    except PunchclockError as error:
        raise Refuted(f"{said}: a rejection that cannot be read: {error}") from error
    raise Refuted(f"{said}: a rejection that is read as a success")


def _sentences(vendor: str) -> list[str]:
    """The sentences of a vendor's page, its samples among them, as the tests quote them."""
    page = (_ROOT / "tests" / "pages" / f"{vendor}.toml").read_text(encoding="utf-8")
    return [sentence["text"] for sentence in tomllib.loads(page)["sentence"]]


_URL: Final = re.compile(r"(?:https?://[^/\s]+)?(?P<path>/[^?\s]*)?[?](?P<query>[^”]+)")


def _sample_requests(client: Client, like: Request) -> Iterator[Request]:
    """What the page asks for, with the credentials of another request."""
    for text in _sentences(client.name):
        url = _URL.search(text)
        if url is not None and "=" in url["query"]:
            path = url["path"] or like.path
            yield msgspec.structs.replace(like, method="GET", path=path, query=url["query"], body=b"")
            yield msgspec.structs.replace(like, method="POST", path=path, query="", body=url["query"].encode())


def _sample_responses(client: Client) -> list[bytes]:
    return [text.encode() for text in _sentences(client.name) if text.startswith(("{", "<?xml"))]


def _requests(client: Client) -> Iterator[Request]:
    account, _ = _account(client.name)
    for asked in client.moves.values():
        person = account.workspace.people["3"]
        theirs = account.find(Query(of=asked.of, people=("3",))).records
        yield asked.ask(person, theirs[0] if theirs else None, _LATER)
    sample = asked.ask(person, theirs[0] if theirs else None, _LATER)
    for operation in client.module.OPERATIONS:
        for method in operation.methods:
            path = operation.path.replace("{id}", "1001")
            yield msgspec.structs.replace(sample, method=method, path=path, body=b"")
    yield from _sample_requests(client, sample)


def _calls(client: Client) -> list[bytes]:
    return [written_request(request) for request in _requests(client)]


def _responses(client: Client) -> list[bytes]:
    account, _ = _account(client.name)
    written = (client.handle(request, account, _LATER).response.body for request in _requests(client))
    return list(dict.fromkeys([*_sample_responses(client), *written]))


def _read(client: Client, data: bytes) -> None:
    """Bytes as a payload, and as the answer to every call: a value, or an error by name; a timer is one."""
    readers: list[Callable[[], object]] = [partial(client.module.parse, data, _LATER, "Europe/Berlin")]
    readers += [
        partial(client.module.read_response, operation.name, status, {}, data, now=_LATER, zone="Europe/Berlin")
        for operation in client.module.OPERATIONS
        for status in (200, 400)
    ]
    rejections = []
    for reader in readers:
        try:
            value = reader()
        except PunchclockError as error:
            rejections.append(error)
            continue
        for record in value if isinstance(value, list) else [value]:
            timer = record.timer if isinstance(record, VendorTimer) else None
            if timer is not None and not 0 <= timer.worked <= timer.since - timer.started_at:
                raise Refuted(f"{client.name}: {data!r}: {timer}")
    if len(rejections) == len(readers):
        raise rejections[0]


# ---- the control plane ---------------------------------------------------------------------------


def _control(data: bytes) -> None:
    """One call, to a sandbox of its own: an answer in JSON or in lines of it, and a sandbox that goes on."""
    backend = Backend(_workspace(), clock=MORNING)
    request = read_request(data)
    status, headers, body = control(backend, request)
    said = f"the control plane: {data!r}: {status} {body!r}"
    if not 200 <= status < 500:
        raise Refuted(said)
    lines = body.splitlines() if "ndjson" in headers["content-type"] else [body]
    try:
        answers = [msgspec.json.decode(line) for line in lines]
        backend.answer(Request(method="GET", path="/timer/"))
    except ConnectionDropped:
        return  # a fault that was asked for
    except Exception as error:
        raise Refuted(f"{said}: {error}") from error
    if status >= 400 and not answers[0]["error"]["code"]:
        raise Refuted(f"{said}: it has no name")


_workspace: Final = cache(demo_workspace)


def _controls() -> list[bytes]:
    requests = []
    for endpoint in ENDPOINTS:
        request = Request(method=endpoint.method, path=f"{PREFIX}/{endpoint.path}", query="after=1")
        bodies = [msgspec.json.encode(example) for example in endpoint.examples]
        requests += [msgspec.structs.replace(request, body=body) for body in (b"", *bodies)]
    return [written_request(request) for request in requests]


def _targets() -> dict[str, Target]:
    targets = {
        "lines": Target("a line of a log is an entry or a named error", _line, _lines, 25),
        "instants": Target(
            "a text is an instant that is read back, or a named error", _instant, lambda: list(_INSTANTS), 25
        ),
        "durations": Target(
            "a text is a duration that is read back, or a named error", _duration, lambda: list(_DURATIONS), 25
        ),
        "saved": Target("a saved timer is a timer that is read back, or a named error", _saved, _timers, 25),
        "workspaces in toml": Target(
            "a workspace in TOML is a workspace or a named error",
            lambda data: parse_workspace(data, "toml"),
            _as_toml,
            2,
        ),
        "workspaces in json": Target(
            "a workspace in JSON is a workspace or a named error",
            lambda data: parse_workspace(data, "json"),
            _as_json,
            10,
        ),
    }
    targets["calls of the control plane"] = Target(
        "whatever is asked of the control plane, it answers in its own shape, and the sandbox goes on",
        _control,
        _controls,
        3,
    )
    for client in clients.every():
        targets[f"calls of {client.name}"] = Target(
            f"whatever is asked of {client.name}, it answers in its own shape and writes nothing",
            partial(_handle, client),
            partial(_calls, client),
            3,
        )
        targets[f"responses of {client.name}"] = Target(
            f"whatever {client.name} answers is read as a value or as a named error",
            partial(_read, client),
            partial(_responses, client),
        )
    return targets


TARGETS: Final[Mapping[str, Target]] = _targets()


# ---- the fuzzer ----------------------------------------------------------------------------------

#: What the fuzzer's own process runs: what is imported there is instrumented as it is read. It leaves behind the hash
#: of all inputs that it tried, anew with each of them, for the fuzzer ends the process without a word.
_CHILD: Final = """
import atheris, hashlib, importlib, os, sys
name, module, tried = sys.argv.pop(), sys.argv.pop(), os.open(sys.argv.pop(), os.O_CREAT | os.O_WRONLY)
with atheris.instrument_imports(include=["punchclock", module]):
    home = importlib.import_module(module)
target = home.TARGETS[name]
from evidence.fuzz import attack
inputs = hashlib.sha256()
def one(data):
    inputs.update(len(data).to_bytes(8, "big") + data)
    os.pwrite(tried, inputs.hexdigest().encode(), 0)
    attack(target, data)
atheris.Setup(sys.argv, one)
atheris.Fuzz()
"""
_RUNS: Final = re.compile(r"Done (\d+) runs? in")
_COVERED: Final = re.compile(r"cov: (\d+)")
_LONGEST_RUN: Final = 900  # seconds beyond what was asked for; a machine may be busy

#: What else a run needs to be the same again: a queue that is not weighed by how long its inputs took, and a corpus
#: that is read once. (The order of sets is fixed in the environment.)
_REPEATABLE: Final = ("-entropic=0", "-reload=0")


def fuzzed(name: str, runs: int, seconds: int = 0, module: str = "evidence.fuzz") -> str:
    """Fuzz a target of a module's ``TARGETS``: with so many inputs for its pace, or else for so long.

    Args:
        name: which target.
        runs: with how many inputs, the same ones each time; or 0.
        seconds: for how long, with inputs from a seed of chance, which is told.
        module: where the target is.

    Raises:
        Refuted: it found something, or did not run to its end.
    """
    targets: Mapping[str, Target] = importlib.import_module(module).TARGETS
    target = targets[name]
    if importlib.util.find_spec("atheris") is None:
        return f"{replayed(target, 2000):,} inputs, by chance alone: there is no atheris here"
    seed = 1 if runs else random.SystemRandom().randrange(1, 2**31)
    with tempfile.TemporaryDirectory() as folder:
        corpus, tried = Path(folder, "corpus"), Path(folder, "tried")
        corpus.mkdir()
        for number, data in enumerate(target.corpus()):
            (corpus / f"{number:04}").write_bytes(data)
        files = sorted(corpus.iterdir())
        listed = Path(folder, "corpus in order")
        listed.write_text(",".join(map(str, files)), encoding="utf-8")
        options = [
            *([f"-runs={runs * target.pace}", *_REPEATABLE] if runs else [f"-max_total_time={seconds}"]),
            f"-seed={seed}",
            f"-seed_inputs=@{listed}",
            f"-max_len={_LONGEST}",
            "-timeout=60",
            "-rss_limit_mb=1024",
            f"-artifact_prefix={folder}/found-",
        ]
        command = [sys.executable, "-c", _CHILD, *options, str(tried), module, name]
        try:
            run = subprocess.run(
                command,
                cwd=_ROOT,
                env={**os.environ, "PYTHONHASHSEED": "0"},
                capture_output=True,
                timeout=seconds + _LONGEST_RUN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Refuted(f"{name}: the fuzzer did not come to its end") from None
        said = run.stderr.decode(errors="replace") + run.stdout.decode(errors="replace")
        done = _RUNS.search(said)
        if run.returncode != 0 or done is None:
            found = [path.read_bytes() for path in Path(folder).glob("found-*") if "slow-unit" not in path.name]
            why = next((line for line in said.splitlines() if "Refuted" in line or "Error" in line), said[-500:])
            raise Refuted(f"{name}: {found[0]!r}: {why}" if found else f"{name}: {why}")
        covered = _COVERED.findall(said)
        same = f"the same in every run (SHA-256 {tried.read_text(encoding='utf-8')[:12]})"
        chance = f"in {seconds} s from seed {seed}"
        return f"{int(done[1]):,} inputs, {same if runs else chance}; {covered[-1] if covered else 0} branches covered"


def replayed(target: Target, changed: int) -> int:
    """Give a target its corpus, and so many inputs made of it by chance; return how many were tried.

    Raises:
        Refuted: as `attack`.
    """
    chance = random.Random(1)
    corpus = target.corpus()
    for data in corpus:
        attack(target, data)
    for _ in range(changed):
        changing = bytearray(chance.choice(corpus))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(changing) + 1)
            changing[at : at + chance.randint(0, 3)] = chance.choice(
                (b"", b'"', b"\x00", b"\xff", b"<", b"9" * 20, b"-", b"%", b"null", bytes([chance.randrange(256)]))
            )
        attack(target, bytes(changing))
    return len(corpus) + changed


def _check(name: str) -> Callable[[Budget], str]:
    return lambda budget: fuzzed(name, budget.fuzz_runs, budget.fuzz_seconds)


CLAIMS: Final = tuple(Claim(target.claim, _check(name)) for name, target in TARGETS.items())
