"""Fuzz: every parser of bytes under a coverage-guided fuzzer; the only results are a value or a named error.

A target is a parser, a check of its values, and a corpus: the samples of the vendors' pages, the requests and responses
that punchclock itself writes, the examples, and texts written by hand. atheris runs each target in a process of its
own. What it finds is a counter-example, and becomes a test in ``tests/test_fuzz_findings.py``. Without atheris the
corpus is changed at random instead, and the result says so.

The short budget is a number of inputs, the same ones in every run: one seed, one order of the corpus, and no option of
the fuzzer that depends on time. The long budget is a time, from a different seed in each run.
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
from evidence.clients import MORNING, Client, ClientCall
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import PunchclockError
from punchclock.eventlog import Entry, parse_line
from punchclock.instants import format_instant, parse_instant
from punchclock.machine import Event
from punchclock.sandbox.backend import Backend
from punchclock.sandbox.control import ENDPOINTS, PREFIX, control, in_one_piece
from punchclock.sandbox.faults import ConnectionDropped
from punchclock.serialization import dumps, loads
from punchclock.timer import pause, start
from punchclock.units import MINUTE
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import CallResult, Request
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import VendorTimer
from punchclock.workspaces import demo_workspace, parse_workspace

_ROOT: Final = Path(__file__).parents[2]
_LATER: Final = MORNING + 10 * MINUTE
_LONGEST: Final = 4096  # bytes of an input


class Target(msgspec.Struct, frozen=True):
    """A parser to fuzz.

    Attributes:
        claim: what must hold, in a sentence.
        parse: reads bytes and checks the value; raises `PunchclockError` to reject them, `Refuted` for a wrong value.
        corpus: makes the first inputs.
        pace: roughly how many inputs it reads while the slowest target reads one.
    """

    claim: str
    parse: Callable[[bytes], object]
    corpus: Callable[[], list[bytes]]
    pace: int = 1


def attack(target: Target, data: bytes) -> bool:
    """Give bytes to a target; return whether it accepts them.

    Raises:
        Refuted: the result is a wrong value, or neither a value nor a named error.
    """
    try:
        target.parse(data)
    except Refuted:
        raise
    except PunchclockError as error:
        text = str(error)
        if not text or "\n" in text or not error.code:
            raise Refuted(f"{data!r}: the error is not one line: {text!r}") from error
        return False
    except Exception as error:
        raise Refuted(f"{data!r}: {type(error).__name__}: {error}") from error
    return True


# ---- texts and files -----------------------------------------------------------------------------


def _text(data: bytes) -> str:
    """Return any text, including half of a surrogate pair."""
    return data.decode("utf-8", "surrogateescape")


def _instant(data: bytes) -> None:
    at = parse_instant(_text(data))
    if parse_instant(format_instant(at)) != at:
        raise Refuted(f"{data!r}: {at} does not read back")


def _duration(data: bytes) -> None:
    duration = parse_duration(_text(data))
    if parse_duration(format_duration(duration)) != duration:
        raise Refuted(f"{data!r}: {duration} does not read back")


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


def _toml(data: bytes) -> None:
    parse_workspace(data, "toml")


def _json(data: bytes) -> None:
    parse_workspace(data, "json")


def _instants() -> list[bytes]:
    valid = [b"2026-03-02T08:00:00Z", b"2026-03-02t09:00:00.25+01:00", b"0001-01-01T00:00:00-00:01"]
    return [*valid, b"2026-03-02T08:00:00"]


def _durations() -> list[bytes]:
    return [b"00:00:00", b"123:04:05", b"999999999999999:59:59"]


# ---- a vendor's calls ----------------------------------------------------------------------------


def read_request(data: bytes) -> Request:
    """Read bytes as an HTTP request: a line of method and target, headers, a blank line, the body.

    Nothing is rejected: a handler must also cope with requests that a server would not let through.
    """
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    method, _, target = first.partition(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Request(method=method, path=path, query=query, headers=headers, body=body)


def written_request(request: Request) -> bytes:
    """Return the bytes that `read_request` reads as this request."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {target}", *(f"{name}: {value}" for name, value in request.headers.items())]
    return "\n".join(lines).encode("latin-1") + b"\n\n" + request.body


@cache
def _account(name: str) -> tuple[MemoryAccount, tuple[tuple[VendorTimer, ...], ...]]:
    """Return an account with running and with paused timers, and its timers before any call."""
    client = next(each for each in clients.every() if each.name == name)
    account = MemoryAccount(demo_workspace())
    for action, people in ((Event.START, "123"), (Event.PAUSE, "2")):
        for binding in client.vendor.dialect.bindings:
            call = client.bindings[binding.operation, binding.flag]
            for id in people if binding.action is action else "":
                request = _request(client, call, account, id, MORNING)
                account.apply(client.vendor.handle(request, account, MORNING).changes)
    return account, _timers_of(client, account)


def _request(client: Client, call: ClientCall, account: MemoryAccount, person: str, now: int) -> Request:
    """Return the request of a person about their first timer."""
    found = account.find(Query(of=call.of, people=(person,))).records
    return client.request(call, account.workspace.people[person], found[0] if found else None, now)


def _timers_of(client: Client, account: MemoryAccount) -> tuple[tuple[VendorTimer, ...], ...]:
    return tuple(account.find(Query(of=of)).records for of in client.vendor.timer_types)


def _handle(client: Client, data: bytes) -> None:
    """Handle one call: the response is in the vendor's format, nothing is written, the changes are in its dialect."""
    account, before = _account(client.name)
    request = read_request(data)
    result = client.vendor.handle(request, account, _LATER)
    what = f"{client.name}: {data!r}: {result.response}"
    if _timers_of(client, account) != before:
        raise Refuted(f"{what}: the account was written to")
    clients.check_changes(what, client, account, result)
    response = result.response
    kind = response.headers.get("content-type", "")
    try:
        if "json" in kind:
            msgspec.json.decode(response.body)
        elif "xml" in kind:
            fromstring(response.body)
    except Exception as error:
        raise Refuted(f"{what}: the body is not {kind}: {error}") from error
    _read_back(client, what, result)


def _read_back(client: Client, what: str, result: CallResult) -> None:
    """Check that the vendor's own reader reads a rejection as the same one."""
    if result.rejection is None:
        return
    response, rejected = result.response, result.rejection
    operation = result.operation or client.vendor.operations[0].name
    try:
        client.vendor.read_response(operation, response.status, response.headers, response.body, now=_LATER)
    except Rejection as read:
        if (read.status, read.vendor_code) == (rejected.status, rejected.vendor_code):
            return
        raise Refuted(f"{what}: read as {read}") from read
    except PunchclockError as error:
        raise Refuted(f"{what}: the rejection cannot be read: {error}") from error
    raise Refuted(f"{what}: the rejection is read as a success")


def _sentences(vendor: str) -> list[str]:
    """Return the sentences of a vendor's page, samples included, as the tests quote them."""
    page = (_ROOT / "tests" / "pages" / f"{vendor}.toml").read_text(encoding="utf-8")
    return [sentence["text"] for sentence in tomllib.loads(page)["sentence"]]


_URL: Final = re.compile(r"(?:https?://[^/\s]+)?(?P<path>/[^?\s]*)?[?](?P<query>[^”]+)")


def _sample_requests(client: Client, like: Request) -> Iterator[Request]:
    """Yield the requests on the vendor's page, with the credentials of another request."""
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
    for call in client.bindings.values():
        sample = _request(client, call, account, "3", _LATER)
        yield sample
    for operation in client.vendor.operations:
        for method in operation.methods:
            path = operation.path.replace("{id}", "1001")
            yield msgspec.structs.replace(sample, method=method, path=path, body=b"")
    yield from _sample_requests(client, sample)


def _calls(client: Client) -> list[bytes]:
    return [written_request(request) for request in _requests(client)]


def _responses(client: Client) -> list[bytes]:
    account, _ = _account(client.name)
    written = (client.vendor.handle(request, account, _LATER).response.body for request in _requests(client))
    return list(dict.fromkeys([*_sample_responses(client), *written]))


def _read(client: Client, data: bytes) -> None:
    """Read bytes as a payload and as the response to every call: a value or a named error; timers are consistent."""
    readers: list[Callable[[], object]] = [partial(client.vendor.parse, data, _LATER, "Europe/Berlin")]
    readers += [
        partial(client.vendor.read_response, operation.name, status, {}, data, now=_LATER, zone="Europe/Berlin")
        for operation in client.vendor.operations
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
    """Send one call to a new sandbox: the answer is JSON or lines of JSON, and the sandbox goes on."""
    backend = Backend(_workspace(), clock=MORNING)
    request = read_request(data)
    status, headers, body = in_one_piece(control(backend, request))
    what = f"the control plane: {data!r}: {status} {body!r}"
    if not 200 <= status < 500:
        raise Refuted(what)
    lines = body.splitlines() if "ndjson" in headers["content-type"] else [body]
    try:
        answers = [msgspec.json.decode(line) for line in lines]
        backend.dispatch(Request(method="GET", path="/timer/"))
    except ConnectionDropped:
        return  # a fault that the call has injected
    except Exception as error:
        raise Refuted(f"{what}: {error}") from error
    if status >= 400 and not answers[0]["error"]["code"]:
        raise Refuted(f"{what}: the error has no code")


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
        "lines": Target("a line of an event log is an entry, or a named error", _line, _lines, 25),
        "instants": Target("a text is an instant that reads back, or a named error", _instant, _instants, 25),
        "durations": Target("a text is a duration that reads back, or a named error", _duration, _durations, 25),
        "saved": Target("a saved timer is a timer that reads back, or a named error", _saved, _timers, 25),
        "workspaces in toml": Target("a workspace in TOML is a workspace, or a named error", _toml, _as_toml, 2),
        "workspaces in json": Target("a workspace in JSON is a workspace, or a named error", _json, _as_json, 10),
        "calls of the control plane": Target(
            "the control plane answers every request in its own format, and the sandbox goes on", _control, _controls, 3
        ),
    }
    for client in clients.every():
        targets[f"calls of {client.name}"] = Target(
            f"{client.name} answers every request in its own format and writes nothing",
            partial(_handle, client),
            partial(_calls, client),
            3,
        )
        targets[f"responses of {client.name}"] = Target(
            f"every response of {client.name} is read as a value, or as a named error",
            partial(_read, client),
            partial(_responses, client),
        )
    return targets


TARGETS: Final[Mapping[str, Target]] = _targets()


# ---- the fuzzer ----------------------------------------------------------------------------------

#: The program of the fuzzer's process. Modules are instrumented on import. The hash of all inputs so far is written
#: after each input, because the fuzzer ends the process without returning.
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
_LONGEST_RUN: Final = 900  # seconds beyond the given time; the machine may be busy

#: Options that make a run repeatable: the queue ignores how long an input took, and the corpus is read once.
#: (PYTHONHASHSEED fixes the order of sets.)
_REPEATABLE: Final = ("-entropic=0", "-reload=0")


def fuzzed(name: str, runs: int, seconds: int = 0, module: str = "evidence.fuzz") -> str:
    """Fuzz a target for a number of inputs or for a time, and describe the run.

    Args:
        name: the target's name in the module's ``TARGETS``.
        runs: number of inputs, times the target's pace; the same inputs each time. 0 means to use ``seconds``.
        seconds: duration of a run with a random seed, which the description contains.
        module: the module that has the target.

    Raises:
        Refuted: the fuzzer found a counter-example, or did not finish.
    """
    targets: Mapping[str, Target] = importlib.import_module(module).TARGETS
    target = targets[name]
    if importlib.util.find_spec("atheris") is None:
        return f"{replayed(target, 2000):,} inputs, random only: atheris is not installed"
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
            raise Refuted(f"{name}: the fuzzer did not finish") from None
        output = run.stderr.decode(errors="replace") + run.stdout.decode(errors="replace")
        done = _RUNS.search(output)
        if run.returncode != 0 or done is None:
            found = [path.read_bytes() for path in Path(folder).glob("found-*") if "slow-unit" not in path.name]
            why = next((line for line in output.splitlines() if "Refuted" in line or "Error" in line), output[-500:])
            raise Refuted(f"{name}: {found[0]!r}: {why}" if found else f"{name}: {why}")
        covered = _COVERED.findall(output)
        same = f"the same in every run (SHA-256 {tried.read_text(encoding='utf-8')[:12]})"
        seeded = f"in {seconds} s from seed {seed}"
        return f"{int(done[1]):,} inputs, {same if runs else seeded}; {covered[-1] if covered else 0} branches covered"


def replayed(target: Target, changed: int) -> int:
    """Give a target its corpus and a number of random changes of it; return the number of inputs.

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
