"""The outcome of a commit without an answer is found out, and no journal entry is lost or written twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import punchclock as pc
from databases import DATABASES, connected, database_url
from punchclock.sandbox import Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import OutcomeUnknown, StoreUnavailable
from punchclock.workspaces import demo_workspace
from sandbox_calls import call, send

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")

#: A call of each vendor that starts a timer.
STARTS = (
    ("intervals", "create_timer"),
    ("timetrack", "start_project_timer"),
    ("worksection", "start_my_timer"),
    ("zoho", "start_timer"),
)


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    with database_url(request.param, tmp_path) as found:
        yield found


def entry(at: int) -> JournalEntry:
    """Return a journal entry of a read-only call."""
    return JournalEntry(at=at, method="GET", path="/timer", status=200)


class Lost(Exception):
    """The driver's error when a connection is lost."""


@contextmanager
def commits(monkeypatch: pytest.MonkeyPatch, *, stored: bool, reachable: bool = True) -> Iterator[None]:
    """A block in which the first commit gets no answer, after it took effect or before; then it may go away."""
    execute, lost = sa.Connection.exec_driver_sql, False

    def failing(connection: sa.Connection, statement: str) -> object:
        nonlocal lost
        if statement == "COMMIT" and not lost:
            lost = True
            execute(connection, statement if stored else "ROLLBACK")
            raise sa.exc.OperationalError(statement, None, Lost("the connection was lost"))
        if lost and not reachable:
            raise sa.exc.OperationalError(statement, None, Lost("no route to host"))
        return execute(connection, statement)

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "exec_driver_sql", failing)
        yield


@contextmanager
def opened(url: str, timeout: float = 10) -> Iterator[Sandbox]:
    """A sandbox on a database."""
    with Sandbox(WORKSPACE, clock=NOW, store=SqlStore(url, WORKSPACE, timeout=timeout)) as sandbox:
        yield sandbox


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[0])
def test_a_stored_change_is_answered_as_a_success(
    url: str, start: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the connection is lost after the commit, the call succeeds, so that the client doesn't repeat it."""
    with opened(url) as sandbox:
        sandbox.store.note(entry(1))
        with commits(monkeypatch, stored=True):
            assert send(sandbox, call(*start))[0] in (200, 201)
        assert len(sandbox.timers()) == 1
        sandbox.store.note(entry(2))
        assert [each.operation or each.at for each in sandbox.journal()] == [1, start[1], 2]


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[0])
def test_a_change_that_is_not_stored_is_rejected(
    url: str, start: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the connection is lost before the commit, the call gets the vendor's 5xx and nothing has changed."""
    with opened(url) as sandbox:
        sandbox.store.note(entry(1))
        with commits(monkeypatch, stored=False):
            assert send(sandbox, call(*start))[0] in (502, 503)
        assert sandbox.timers() == []
        assert [each.at for each in sandbox.journal()] == [1]
        assert send(sandbox, call(*start))[0] in (200, 201)
        assert len(sandbox.timers()) == 1


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[0])
def test_an_outcome_that_cannot_be_looked_up_is_unknown(
    url: str, start: tuple[str, str], stored: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the database can't be reached again, the call gets 504; later no journal entry is missing or doubled."""
    with opened(url, timeout=0.3) as sandbox:
        sandbox.store.note(entry(1))
        with commits(monkeypatch, stored=stored, reachable=False):
            status, _, body = send(sandbox, call(*start))
            sandbox.store.note(entry(2))
            with pytest.raises(StoreUnavailable):
                list(sandbox.journal())
        assert status == 504
        assert b"may or may not be stored" in body
        assert "the outcome of a change is not known: the connection was lost" in caplog.text
        assert len(sandbox.timers()) == stored
        assert [each.operation or each.at for each in sandbox.journal()] == [1, *([start[1]] if stored else []), 2]


def test_the_error_of_an_unknown_outcome_has_a_name(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`OutcomeUnknown` is a `StoreUnavailable` with its own code; a reset can end with it too."""
    store = SqlStore(url, WORKSPACE, timeout=0.2)
    with (
        commits(monkeypatch, stored=True, reachable=False),
        pytest.raises(OutcomeUnknown, match="may or may not be stored") as caught,
    ):
        store.reset()
    assert caught.value.code == "outcome-unknown"
    store.close()


def test_an_interrupted_commit_is_looked_up_later(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a signal interrupts a commit that took effect, its journal entries are not written again."""
    store = SqlStore(url, WORKSPACE)
    store.note(entry(1))
    execute = sa.Connection.exec_driver_sql

    def interrupted(connection: sa.Connection, statement: str) -> object:
        result = execute(connection, statement)
        if statement == "COMMIT":
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "exec_driver_sql", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(store.journal())
    store.note(entry(2))
    assert [each.at for each in store.journal()] == [1, 2]
    store.close()


def test_two_servers_look_up_their_own_attempts(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server's changes in between don't hide that a change was stored, or that it was not."""
    with opened(url) as one, opened(url) as other:
        for stored, operation in ((True, "start_project_timer"), (False, "stop_project_timer")):
            send(other, call("zoho", "start_timer"))
            send(one, call("intervals", "create_timer"))
            with commits(monkeypatch, stored=stored):
                assert send(one, call("timetrack", operation))[0] == (200 if stored else 503)
        with connected(url) as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM attempts").scalar_one() == 2


def test_a_read_that_fails_at_its_end_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that stores nothing is unavailable, never unknown, if its end gets no answer."""
    store = SqlStore(url, WORKSPACE, timeout=0.2)

    def rejected() -> None:
        with store.transaction() as transaction:
            transaction.new_id()

    with commits(monkeypatch, stored=True, reachable=False), pytest.raises(StoreUnavailable) as caught:
        rejected()
    assert not isinstance(caught.value, OutcomeUnknown)
    store.close()


@pytest.mark.parametrize("retried", [1, 3])
def test_every_lost_commit_in_a_row_is_looked_up(url: str, retried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that repeats a call with an unknown outcome makes a second timer only where the first isn't stored."""
    with opened(url, timeout=0.2) as sandbox:
        statuses: list[int] = []
        for _ in range(retried):
            with commits(monkeypatch, stored=True, reachable=False):
                statuses.append(send(sandbox, call("timetrack", "start_project_timer"))[0])
        assert statuses[0] == 504
        assert len(sandbox.timers()) == 1
        assert len([each for each in sandbox.journal() if each.changes]) == 1
