"""The command ends with the documented exit status, and never with a traceback, whatever ends it.

The same endings are tested on real processes in `test_replay_command`; here they happen in the tests' own process.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from punchclock.cli import cli, run
from punchclock.errors import MissingExtra, NaiveDatetime

WEEK = str(Path(__file__).parents[1] / "docs" / "examples" / "week.jsonl")
FULL = Path("/dev/full")


@contextlib.contextmanager
def closed_pipe() -> Iterator[None]:
    """Make standard output a pipe whose reader is gone."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as output, contextlib.redirect_stdout(output):
        yield


def failing(error: BaseException) -> Callable[..., None]:
    """A function that raises."""

    def fail(*_: object, **_options: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["replay", "--help"], ["replay", WEEK]])
def test_a_reader_that_is_gone_ends_it_with_141(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """The status is that of a program stopped by a closed pipe; what is still buffered causes no second error."""
    with closed_pipe():
        assert run(arguments) == 141
        sys.stdout.write("written after the end, it goes nowhere")
        sys.stdout.flush()
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk here that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["replay", WEEK], ["replay", WEEK, "--json"]])
def test_a_full_disk_ends_it_with_2(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is reported in one line."""
    with FULL.open("w", encoding="utf-8") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        assert run(arguments) == 2
    assert capsys.readouterr().err.endswith(": No space left on device\n")


@pytest.mark.skipif(not FULL.exists(), reason="there is no disk here that is always full")
def test_a_full_disk_needs_no_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status is the same where standard error is closed."""
    with FULL.open("w", encoding="utf-8") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        patch.setattr(sys, "stderr", None)
        assert run(["replay", WEEK]) == 2


def test_without_standard_output_it_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process that was started without standard output gets one line and 2."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert run(["replay", WEEK]) == 2
    assert "there is no standard output" in capsys.readouterr().err


def test_without_standard_input_a_log_on_it_is_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``-`` needs standard input; a file does not."""
    monkeypatch.setattr(sys, "stdin", None)
    assert run(["replay", "-"]) == 2
    assert "there is no standard input" in capsys.readouterr().err
    assert run(["replay", WEEK]) == 0


def test_ctrl_c_ends_it_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """While a command works, and while the command line is parsed."""

    class Interrupted(io.BytesIO):
        def readline(self, _size: int | None = -1, /) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))
    assert run(["replay", "-"]) == 130
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(click.Group, "parse_args", failing(KeyboardInterrupt()))
    assert run(["--version"]) == 130
    assert capsys.readouterr().err.strip() == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MissingExtra("a plot", "columns"), "punchclock: a plot needs an extra: pip install 'punchclock[columns]'\n"),
        (NaiveDatetime("2026-03-02T08:00:00"), f"Error: {NaiveDatetime('2026-03-02T08:00:00')}\n"),
        (OSError("the disk is gone"), "the disk is gone\n"),
    ],
)
def test_an_error_of_a_command_is_one_message(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An extra that is missing, an error of the library or of the system: its text on standard error, and 2."""
    command = cli.get_command(click.Context(cli), "replay")
    assert command is not None
    monkeypatch.setattr(command, "callback", failing(error))
    assert run(["replay", WEEK]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.endswith(message)


def test_an_error_that_is_not_expected_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A programming error keeps its traceback."""
    command = cli.get_command(click.Context(cli), "replay")
    assert command is not None
    monkeypatch.setattr(command, "callback", failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run(["replay", WEEK])


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command is listed with its summary, and can be loaded by the listed name."""
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    names = cli.list_commands(click.Context(cli))
    assert [line.split()[0] for line in listed] == names
    for name in names:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.name == name
    assert cli.get_command(click.Context(cli), "replai") is None


def test_the_report_goes_to_whatever_standard_output_is() -> None:
    """A program that calls the command may redirect its output into a text buffer."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert run(["replay", WEEK]) == 0
    assert "Timeline" in output.getvalue()
