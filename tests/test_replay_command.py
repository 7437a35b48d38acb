"""`punchclock replay` as a user runs it: what it prints, where, and how it ends."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from punchclock import Event, instant
from punchclock.__main__ import main
from punchclock.cli import cli, run
from punchclock.eventlog import MAX_LINE, Entry, Labels, format_line
from punchclock.machine import Correction

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
WEEK, BAD = EXAMPLES / "week.jsonl", EXAMPLES / "bad.jsonl"
EIGHT = instant("2026-03-02T08:00:00Z")
MINUTE = 60_000_000


def replay(*arguments: str | Path, log: bytes | None = None, width: int = 80) -> Result:
    """Run the command in this process, with a log on standard input if there is one."""
    runner = CliRunner(env={"COLUMNS": str(width)})
    return runner.invoke(cli, ["replay", *map(str, arguments)], input=log, standalone_mode=False)


def log(*steps: tuple[str, Event | Correction, int], **labels: str) -> bytes:
    """A log of steps, the instants in minutes after eight."""
    lines = []
    for timer, event, minute in steps:
        at = EIGHT + minute * MINUTE
        lines.append(format_line(Entry(timer, event, at, Labels(**labels), 30 * MINUTE, at)))
    return b"".join(lines)


def objects(result: Result) -> list[dict[str, object]]:
    """What ``--json`` printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def spawn(*arguments: str | Path, **options: object) -> subprocess.Popen[bytes]:
    """Start the command as a process of its own."""
    command = [sys.executable, "-m", "punchclock", "replay", *map(str, arguments)]
    return subprocess.Popen(command, **options)  # type: ignore[call-overload, no-any-return]


SHIFT = log(("T1", Event.START, 0), ("T1", Event.PAUSE, 60), ("T1", Event.RESUME, 90), ("T1", Event.STOP, 120))


# For a person


def test_a_log_becomes_tables_and_a_timeline() -> None:
    """Timers, totals by user and day, and who did what when."""
    result = replay("-", log=SHIFT)
    assert result.return_value == 0
    assert result.stderr == ""
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        "1 timer, Mon 2026-03-02 08:00 to Mon 2026-03-02 10:00, UTC",
        "",
        "Timers",
        "timer  started           state      worked     break",
        "----------------------------------------------------",
        "T1     2026-03-02 08:00  stopped  01:30:00  00:30:00",
        "",
        "By day",
        "day               worked     break",
        "----------------------------------",
        "Mon 2026-03-02  01:30:00  00:30:00",
        "all             01:30:00  00:30:00",
        "",
        "Timeline",
        "   |08:00   |08:15    |08:30   |08:45    |09:00    |09:15   |09:30    |09:45",
        "T1 ######################################+-------------------###################",
        "   # work  - break  + both  > still running  ) still on a break",
        "   a column is 00:01:33",
    ]


def test_days_and_clock_times_are_the_zone_s() -> None:
    """The same shift, elsewhere, on the evening before."""
    result = replay("-", "--zone", "Pacific/Honolulu", log=SHIFT)
    assert "Sun 2026-03-01 22:00 to Mon 2026-03-02 00:00, Pacific/Honolulu" in result.stdout
    assert "T1     2026-03-01 22:00  stopped" in result.stdout
    assert "Sun 2026-03-01  01:30:00  00:30:00" in result.stdout


def test_the_week_is_readable_at_any_width() -> None:
    """At 80 columns and at 140 no line is longer, every timer and every user is there."""
    for width in (80, 140):
        result = replay(WEEK, width=width)
        lines = result.stdout.splitlines()
        assert max(map(len, lines)) <= width
        for name in (*(f"T{number}" for number in range(1, 14) if number != 8), "manager", "resource", "test"):
            assert re.search(rf"\b{name}\b", result.stdout)
    assert "forgot to stop; left at 17:10" in result.stdout  # 140 columns have room for notes
    assert "12 timers of 3 users" in result.stdout


def test_a_terminal_without_width_gets_a_narrow_one() -> None:
    """The output has a minimum width, also with a smaller COLUMNS."""
    narrow = replay(WEEK, width=40).stdout
    assert "12 timers" in narrow
    for width in (0, 1, 39):
        assert replay(WEEK, width=width).stdout == narrow


def test_long_names_wrap_no_line_and_early_years_have_four_digits() -> None:
    """The legend gives way to long labels; a date is read as ISO 8601 has it."""
    start = b'{"timer": "%s", "event": "start", "at": "0001-01-01T00:00:00Z"}\n' % (b"n" * 30)
    lines = replay("-", log=start + start.replace(b"start", b"stop", 1)).stdout.splitlines()
    assert lines[5].split() == ["n" * 30, "0001-01-01", "00:00", "stopped", "00:00:00", "00:00:00"]
    assert lines[-2].strip() == "# work  - break  + both  > still running  ) still on a break"


def test_a_running_timer_is_read_as_of_the_log_s_last_instant() -> None:
    """Also by its totals and its row, which ends in the sign of a running timer."""
    result = replay("-", log=log(("T1", Event.START, 0), ("T2", Event.START, 60), ("T2", Event.PAUSE, 61)))
    assert "T1     2026-03-02 08:00  running  01:01:00  00:00:00" in result.stdout
    assert "T2     2026-03-02 09:00  paused   00:01:00  00:00:00" in result.stdout
    assert re.search(r"^T1 #+>$", result.stdout, re.MULTILINE)
    assert re.search(r"^T2 [ .]+#?\)$", result.stdout, re.MULTILINE)


def test_an_amended_timer_is_drawn_as_corrected() -> None:
    """The break first, then the work; a later event follows on."""
    result = replay("-", log=log(("T1", Event.START, 0), ("T1", Correction.AMEND, 60), ("T1", Event.STOP, 90)))
    assert "stopped  01:00:00  00:30:00" in result.stdout
    assert re.search(r"^T1 -{25,26}\+?#{51,52}$", result.stdout, re.MULTILINE)


def test_a_timer_amended_into_the_future_is_shown_all_the_same() -> None:
    """What shows timers clamps, and never fails for one of them."""
    future = Entry("T1", Correction.AMEND, EIGHT, Labels(), 5 * MINUTE, EIGHT + 60 * MINUTE)
    log_content = log(("T1", Event.START, 0), ("T2", Event.START, 1)) + format_line(future)
    assert "T1     2026-03-02 08:00  running  00:05:00  00:55:00" in replay("-", log=log_content).stdout
    assert [each["worked_seconds"] for each in objects(replay("-", "--json", log=log_content))] == [300, 0]


def test_users_and_projects_have_sums() -> None:
    """Each user is named once, and has a sum below more than one row."""
    log_content = (
        log(("T1", Event.START, 0), ("T1", Event.STOP, 60), user="anna", project="A")
        + log(("T2", Event.START, 0), ("T2", Event.STOP, 30), user="anna", project="B")
        + log(("T3", Event.START, 0), ("T3", Event.STOP, 15), user="bob")
        + log(("T4", Event.START, 0), ("T4", Event.STOP, 15))
    )
    lines = [line.split() for line in replay("-", log=log_content).stdout.splitlines()]
    table = lines[lines.index(["By", "user", "and", "day"]) :]
    assert [line for line in table[3:11] if line] == [
        ["anna", "Mon", "2026-03-02", "A", "01:00:00", "00:00:00"],
        ["Mon", "2026-03-02", "B", "00:30:00", "00:00:00"],
        ["all", "01:30:00", "00:00:00"],
        ["bob", "Mon", "2026-03-02", "00:15:00", "00:00:00"],
        ["Mon", "2026-03-02", "00:15:00", "00:00:00"],
        ["all", "02:00:00", "00:00:00"],
    ]


def test_many_timers_are_listed_and_drawn_as_far_as_a_person_reads() -> None:
    """The number of the others is printed, and they count in the totals."""
    log_content = b"".join(log((f"T{n}", Event.START, n), (f"T{n}", Event.STOP, n + 1)) for n in range(120))
    result = replay("-", log=log_content)
    assert "and 70 more; --json lists all" in result.stdout
    assert "and 90 more timers" in result.stdout
    assert re.search(r"^all +02:00:00 +00:00:00", result.stdout, re.MULTILINE)


def test_a_discarded_timer_leaves_its_row_to_another() -> None:
    """However many were started by mistake, the rows go to those that are there."""
    mistakes = b"".join(log((f"M{n}", Event.START, n), (f"M{n}", Correction.DISCARD, n)) for n in range(40))
    result = replay("-", log=mistakes + SHIFT)
    assert re.search(r"^T1 [#+-]+$", result.stdout, re.MULTILINE)
    assert "more" not in result.stdout
    late = b"".join(log((f"M{n}", Event.START, n)) for n in range(40)) + log(("M35", Correction.DISCARD, 40))
    assert "and 9 more timers" in replay("-", log=late).stdout


@pytest.mark.parametrize(("timers", "title"), [(250, "By day"), (700, "By month (by day, 700 rows)")])
def test_too_many_days_become_months(timers: int, title: str) -> None:
    """A table that is too long is merged by longer periods."""
    day = 1440
    log_content = b"".join(
        log((f"T{n}", Event.START, n * day), (f"T{n}", Event.STOP, n * day + 60)) for n in range(timers)
    )
    result = replay("-", log=log_content)
    assert title in result.stdout
    assert re.search(rf"^all +{timers}:00:00 ", result.stdout, re.MULTILINE)
    assert bool(re.search("Apr 2026 +30:00:00", result.stdout)) == (timers == 700)


def test_too_many_months_become_years_and_too_many_years_are_cut() -> None:
    """The last line of the table still is the sum of all."""
    day = 1440
    steps = [(f"T{n}", n) for n in range(600)]
    log_content = b"".join(
        log((name, Event.START, n * 31 * day), (name, Event.STOP, n * 31 * day + 60), user=f"user {n:03}")
        for name, n in steps
    )
    result = replay("-", log=log_content)
    assert "By user and year (by day, 600 rows)" in result.stdout
    assert re.search(r"^ +300 more +300:00:00 +00:00:00", result.stdout, re.MULTILINE)
    assert re.search(r"^ +all +600:00:00 +00:00:00", result.stdout, re.MULTILINE)


def test_a_timer_that_ran_for_all_time_has_totals_by_year() -> None:
    """A wrong year in a log must not keep anybody waiting: the totals are by year."""
    centuries = b"".join(
        b'{"timer": "T%d", "event": "start", "at": "0001-01-01T00:00:00Z"}\n' % number for number in range(2)
    )
    result = replay("-", "--at", "9999-12-31T23:59:59Z", "--zone", "Asia/Tokyo", log=centuries)
    assert result.return_value == 0
    assert "By year (by day, about 3,652,057 rows)" in result.stdout
    assert "87649415:59:59" in result.stdout


def test_labels_that_have_no_room_are_left_out() -> None:
    """The first labels remain; none is truncated."""
    labels = {"user": "anna", "project": "P" * 60, "task": "Design", "client": "C" * 30, "note": "short"}
    result = replay("-", log=log(("T1", Event.START, 0), **labels))
    head = next(line for line in result.stdout.splitlines() if line.startswith("timer"))
    assert head.split() == ["timer", "user", "task", "note", "started", "state", "worked", "break"]


def test_control_characters_are_escaped() -> None:
    """Escape sequences, markup and line feeds in names are escaped, in tables and in errors."""
    evil = "\x1b[31m[red]\n\u202e"
    log_content = log((evil, Event.START, 0), (evil, Event.START, 1), user=evil, project=evil)
    result = replay("-", log=log_content + b'{"\x1b[31m": 1}\n', width=140)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", result.stdout + result.stderr)
    assert r"\x1b[31m[red]\n\u202e" in result.stdout
    assert len(result.stderr.splitlines()) == 2


def test_names_that_an_old_terminal_lacks_are_written_out(tmp_path: Path) -> None:
    """They may not end the report halfway."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(log(("Zeit", Event.START, 0), ("Zeit", Event.START, 1), user="Jörg 時計"))
    old = os.environ | {"PYTHONIOENCODING": "ascii"}
    process = spawn(path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=old)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert rb"J\xf6rg \u6642\u8a08" in out
    assert err.startswith(b"line 2: timer 'Zeit': cannot start")


def test_an_empty_log_has_no_timers() -> None:
    """Only the reason is printed."""
    for each in (b"", log(("T1", Event.START, 0), ("T1", Correction.DISCARD, 1))):
        for options in ([], ["--json"]):
            result = replay("-", *options, log=each)
            assert (result.return_value, result.stdout, result.stderr) == (0, "", "no timers\n")


# For a program


def test_json_is_an_object_a_line() -> None:
    """State, instants in UTC, seconds as numbers, and the labels that are there."""
    result = replay("-", "--json", log=SHIFT + log(("T2", Event.START, 30), user="anna", note=""))
    assert result.return_value == 0
    assert objects(result) == [
        {
            "timer": "T1",
            "state": "stopped",
            "started_at": "2026-03-02T08:00:00Z",
            "since": "2026-03-02T10:00:00Z",
            "worked_seconds": 5400,
            "break_seconds": 1800,
        },
        {
            "timer": "T2",
            "state": "running",
            "started_at": "2026-03-02T08:30:00Z",
            "since": "2026-03-02T08:30:00Z",
            "worked_seconds": 5400,
            "break_seconds": 0,
            "user": "anna",
            "note": "",
        },
    ]


def test_json_seconds_are_exact() -> None:
    """Whole ones are integers; others have as many decimals as it takes, and no float has been near them."""
    start = Entry("T1", Event.START, EIGHT, Labels())
    for worked, text in ((1, "0.000001"), (2 * MINUTE, "120"), (300_000_000_000_123_400, "300000000000.1234")):
        entries = [start, Entry("T1", Event.STOP, EIGHT + worked, Labels())]
        if worked > 10**15:
            entries = [
                Entry("T1", Event.START, instant("0001-01-01T00:00:00Z"), Labels()),
                Entry("T1", Event.STOP, instant("0001-01-01T00:00:00Z") + worked, Labels()),
            ]
        result = replay("-", "--json", log=b"".join(map(format_line, entries)))
        assert f'"worked_seconds":{text},' in result.stdout
        parsed = json.loads(result.stdout, parse_float=Decimal)
        assert int(parsed["worked_seconds"] * 1_000_000) == worked


def test_json_of_the_week_has_the_timers_of_the_table() -> None:
    """In order of first appearance; the discarded one is gone."""
    timers = objects(replay(WEEK, "--json"))
    assert [each["timer"] for each in timers] == [
        "T1",
        "T2",
        "T3",
        "T5",
        "T4",
        "T7",
        "T6",
        *(f"T{n}" for n in range(9, 14)),
    ]


def test_at_reads_the_timers_as_of_then() -> None:
    """Later events are ignored, and their count is reported; an event at that instant counts."""
    for at in ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00+01:00"):
        result = replay("-", "--json", "--at", at, log=SHIFT)
        assert result.stderr == "2 events after 2026-03-02T09:00:00Z ignored\n"
        [timer] = objects(result)
        assert (timer["state"], timer["worked_seconds"], timer["break_seconds"]) == ("paused", 3600, 0)
    result = replay("-", "--json", "--at", "2026-03-02T09:59:59.5Z", log=SHIFT)
    assert result.stderr == "1 event after 2026-03-02T09:59:59.500000Z ignored\n"
    assert objects(result)[0]["worked_seconds"] == 5399.5


def test_at_after_the_log_lets_open_timers_run_on() -> None:
    """And no event is reported as ignored."""
    result = replay("-", "--json", "--at", "2026-03-03T08:00:00Z", log=log(("T1", Event.START, 0)))
    assert (result.stderr, objects(result)[0]["worked_seconds"]) == ("", 86_400)


def test_at_before_the_log_leaves_no_timers() -> None:
    """Bad lines are reported all the same."""
    result = replay("-", "--at", "2026-03-01T00:00:00Z", log=SHIFT + b"oops\n")
    assert result.return_value == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[1:] == ["4 events after 2026-03-01T00:00:00Z ignored", "no timers"]


# Bad lines


def test_bad_lines_are_reported_and_every_other_line_counts() -> None:
    """Line number, timer and reason, a line each, on standard error; the exit status is 1."""
    result = replay(BAD, "--json")
    assert result.return_value == 1
    assert [each["worked_seconds"] for each in objects(result)] == [3600]
    numbers = [int(match) for match in re.findall(r"^line (\d+): ", result.stderr, re.MULTILINE)]
    assert numbers == [*range(2, 39), 40, 41]
    lines = dict(zip(numbers, result.stderr.splitlines(), strict=True))
    assert lines[4] == "line 4: the key `timer` is missing"
    assert lines[9] == "line 9: timer 'T1': unknown key 'colour'"
    assert lines[14] == "line 14: empty line"
    assert lines[23] == "line 23: timer 'T1': cannot resume a timer that is running"
    assert lines[24] == (
        "line 24: timer 'T1': cannot pause a timer that is running at 2026-03-02T07:59:59.500000Z: "
        "that is before its last instant, 2026-03-02T08:00:00Z"
    )
    assert lines[25] == "line 25: timer 'T2': cannot pause a timer that is idle"
    assert lines[35] == "line 35: timer 'T1': cannot amend a timer so that it starts outside the years 1 to 9999 in UTC"
    assert lines[40] == "line 40: timer 'T1': cannot stop a timer that is stopped"


def test_bad_lines_do_not_spoil_the_report() -> None:
    """It is the report of the good lines."""
    good = BAD.read_bytes().splitlines(keepends=True)
    result = replay("-", log=good[0] + good[38])
    assert result.return_value == 0
    assert replay(BAD).stdout == result.stdout


@pytest.mark.parametrize("size", [MAX_LINE + 1, MAX_LINE + 2, 2 * MAX_LINE, 5 * MAX_LINE + 7])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_huge_line_is_one_bad_line(size: int, end: bytes) -> None:
    """Whatever its length: it is never held whole, and the line after it is the next line."""
    huge = b"x" * (size - len(end)) + end
    result = replay("-", "--json", log=b"oops\n" + huge + (SHIFT if end else b""))
    assert result.stderr.splitlines()[:2] == [
        "line 1: not valid JSON (byte 0)",
        "line 2: longer than 1048576 bytes",
    ]
    assert len(objects(result)) == len(end)


def test_a_last_line_needs_no_line_feed() -> None:
    """And a line feed at the end is not an empty line."""
    assert replay("-", "--json", log=SHIFT[:-1]).stdout == replay("-", "--json", log=SHIFT).stdout


# Usage errors


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["missing.jsonl"], "'missing.jsonl' does not exist"),
        ([str(EXAMPLES)], "is a directory"),
        ([], "Missing argument 'LOG'"),
        (["-", "--at", "yesterday"], "Invalid value for '--at': 'yesterday' is not a valid instant: not RFC 3339"),
        (["-", "--at", "2026-03-02T08:00:00"], "it has no UTC offset"),
        (["-", "--zone", "Europe/Berlin_"], "Invalid value for '--zone': 'Europe/Berlin_' is not a known time zone"),
        (["-", "--colour"], "No such option"),
        (["-", "-"], "unexpected extra argument"),
    ],
)
def test_a_usage_error_ends_with_2(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason in a line, and nothing on standard output."""
    assert run(["replay", *arguments]) == 2
    said = capsys.readouterr()
    assert reason in " ".join(said.err.split())
    assert said.out == ""


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """As for every command line."""
    assert run(["replai"]) == 2
    assert "No such command 'replai'" in capsys.readouterr().err


def test_control_characters_are_escaped_in_usage_errors_too(tmp_path: Path) -> None:
    """Also in file names."""
    workspace = tmp_path / "\x1b[31m\x07\x9b.toml"
    workspace.write_bytes(b"\xff")
    for arguments in ([str(workspace) + "?"], ["-", "--as", "zoho", "--workspace", str(workspace)], ["-", "--\x07"]):
        shown, status = on_a_terminal(*arguments)
        assert status == 2
        assert "\\x07" in shown
        assert not set("\x1b\x07\x9b") & set(shown)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
@pytest.mark.parametrize("arguments", [[WEEK], [WEEK, "--json"], [WEEK, "--as", "timetrack"], ["--help"]])
def test_output_that_cannot_be_written_is_reported(arguments: list[str | Path]) -> None:
    """A full disk: no traceback, and another status than for rejected lines."""
    with Path("/dev/full").open("wb") as full:
        process = spawn(*arguments, stdout=full, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said == b"Error: cannot continue: No space left on device\n"


@pytest.mark.parametrize(
    ("redirection", "status", "reason"),
    [
        ("<&-", 2, "there is no standard input"),
        (">&-", 2, "there is no standard output"),
        (">&- 2>&-", 2, ""),
        ("2>&-", 1, ""),
        (">/dev/null 2>&-", 1, ""),
    ],
)
def test_streams_may_be_closed(redirection: str, status: int, reason: str) -> None:
    """A service without them gets an error, not a traceback."""
    command = f'echo oops | "$0" -m punchclock replay - {redirection}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version_end_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """They are what was asked for."""
    assert main(["--version"]) == 0
    assert re.fullmatch(r"punchclock \d+\.\d+\.\d+\n", capsys.readouterr().out)
    assert main(["replay", "--help"]) == 0
    assert "--zone ZONE" in capsys.readouterr().out


class Unreadable(io.BytesIO):
    """A file on a disk that fails."""

    def readline(self, _size: int | None = -1, /) -> bytes:
        """Fail."""
        raise OSError(5, "Input/output error")


def test_a_log_that_cannot_be_read_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When it is opened, or later."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(SHIFT)
    monkeypatch.setattr("punchclock.cli.reading.Path.open", lambda *_: Unreadable())
    assert run(["replay", str(path)]) == 2
    assert "cannot read the log: Input/output error" in capsys.readouterr().err

    def reject(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("punchclock.cli.reading.Path.open", reject)
    assert run(["replay", str(path)]) == 2
    assert "cannot read the log: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    """And no traceback."""
    blocked = f"import sys; sys.modules[{missing!r}] = None"
    code = f"{blocked}; from punchclock.__main__ import main; sys.exit(main(['replay', '-']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "punchclock: the command line needs an extra: pip install 'punchclock[cli]'\n"


@pytest.mark.parametrize(
    ("missing", "arguments", "part"),
    [("pyarrow", ["none.csv"], "punchclock.columns"), ("matplotlib", ["-", "--plot", "x.png"], "a plot")],
)
def test_without_the_extra_for_tables_and_pictures_one_line_says_so(
    missing: str, arguments: list[str], part: str, tmp_path: Path
) -> None:
    """As for any other extra: one line, and 2."""
    (tmp_path / "none.csv").touch()
    blocked = f"import sys; sys.modules[{missing!r}] = None"
    code = f"{blocked}; from punchclock.__main__ import main; sys.exit(main(['replay', *{arguments}]))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"punchclock: {part} needs an extra: pip install 'punchclock[columns]'\n"


def test_a_fault_of_our_own_is_not_taken_for_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only click and rich belong to the extra."""
    monkeypatch.setitem(sys.modules, "punchclock.cli", None)
    with pytest.raises(ModuleNotFoundError, match=r"punchclock\.cli"):
        main([])


# How it ends


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    """`| head` has seen enough: no traceback, and the status that a shell gives to any such program."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(log((f"T{n}", Event.START, n), note="x" * 500) for n in range(3000)))
    for options in ([], ["--json"]):
        process = spawn(path, *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(60) == 141


def test_a_closed_pipe_for_errors_ends_it_quietly(tmp_path: Path) -> None:
    """As with ``2>&1 | head``."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"oops\n" * 3000)
    read, write = os.pipe()
    process = spawn(path, stdout=write, stderr=write)
    os.close(write)
    os.close(read)
    assert process.wait(60) == 141


def test_ctrl_c_ends_it_quietly() -> None:
    """While it waits for more of the log."""
    process = spawn("-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    assert process.stderr
    process.stdin.write(b"oops\n")
    process.stdin.flush()
    assert process.stderr.readline() == b"line 1: not valid JSON (byte 0)\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stdout
    assert process.stdout.read() + process.stderr.read() == b""
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


# On a terminal


def on_a_terminal(*arguments: str | Path, feed: Callable[[int], None] | None = None) -> tuple[str, int]:
    """Run the command on a terminal of 100 columns; return what was shown, and the exit status."""
    screen, terminal = pty.openpty()
    environment = os.environ | {"COLUMNS": "100", "TERM": "xterm-256color", "PYTHONUTF8": "1"}
    environment.pop("NO_COLOR", None)
    read, write = os.pipe()
    process = spawn(*arguments, stdin=read, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    os.close(read)
    if feed is not None:
        feed(write)
    os.close(write)
    shown = b""
    while select.select([screen], [], [], 60)[0]:
        try:
            shown += os.read(screen, 1 << 16)
        except OSError:  # how Linux says that the other side is closed
            break
    os.close(screen)
    return shown.decode(), process.wait(60)


def test_a_terminal_gets_colours() -> None:
    """Work, break and the running end differ in glyph and in colour."""
    shown, status = on_a_terminal(WEEK)
    assert status == 0
    assert "\x1b[32m█" in shown
    assert "\x1b[94m░" in shown
    assert "▶" in shown
    assert "─" in shown


def test_a_long_log_has_a_progress_bar(tmp_path: Path) -> None:
    """On a terminal, while it is read; complaints go past it."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(log(("T1", Event.START, 0), note="x" * 500) + b"oops\n" + b'{"x":"' + b"x" * 600 + b'"}\n')
    with path.open("ab") as file:
        for minute in range(10_000):
            event = Event.RESUME if minute % 2 else Event.PAUSE
            file.write(log(("T1", event, minute), note="x" * 500))
    shown, status = on_a_terminal(path, "--json")
    assert status == 1
    assert "━" in shown
    assert re.search(r"[\d.]+/[\d.]+ MB", shown)
    assert "line 2: not valid JSON" in shown


def test_a_log_of_unknown_length_has_one_too() -> None:
    """It counts events where it cannot know how many are to come."""

    def feed(pipe: int) -> None:
        for minute in range(9000):
            os.write(pipe, log(("T1", Event.RESUME if minute % 2 else Event.PAUSE, minute)) if minute else SHIFT[:70])
            if minute == 8500:
                time.sleep(0.3)

    shown, _ = on_a_terminal("-", "--json", feed=feed)
    assert "8,192 events" in shown


def test_a_short_log_has_none() -> None:
    """It would be gone before it is seen."""
    shown, status = on_a_terminal(WEEK, "--json")
    assert status == 0
    assert "events" not in shown
