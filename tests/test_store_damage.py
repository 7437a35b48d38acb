"""A damaged, deleted or replaced database is a clear error: the vendor's 5xx, and 503 for the health check."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

import punchclock as pc
from databases import DATABASES, connected, database_url
from punchclock.sandbox import Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import StoreUnavailable
from punchclock.vendors.account import Query
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.workspaces import demo_workspace
from sandbox_calls import call, send

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    with database_url(request.param, tmp_path) as found:
        yield found


def opened(url: str) -> Sandbox:
    """Open a sandbox on a database."""
    return Sandbox(WORKSPACE, clock=NOW, store=SqlStore(url, WORKSPACE, timeout=1))


def file_with_timers(path: Path, timers: int = 40) -> str:
    """Make a database with timers of every vendor, and return its URL."""
    url = f"sqlite:///{path}"
    with opened(url) as sandbox:
        for vendor, operation in (("timetrack", "start_project_timer"), ("zoho", "start_timer")):
            assert send(sandbox, call(vendor, operation))[0] == 200
        for _ in range(timers):
            assert send(sandbox, call("intervals", "create_timer"))[0] == 201
    return url


READS = (("intervals", "list_timers"), ("timetrack", "read_project_timer"), ("zoho", "get_running_timer"))


def is_unavailable(sandbox: Sandbox) -> None:
    """Check that every call reports that the store is not available."""
    for vendor, operation in (*READS, ("intervals", "create_timer"), ("worksection", "start_my_timer")):
        assert send(sandbox, call(vendor, operation))[0] in (502, 503)
    for path in ("/healthz", "/_punchclock/timers", "/_punchclock/journal"):
        assert sandbox.handle("GET", path)[0] == 503


# ---- while the server runs ---------------------------------------------------------------------------


def delete(path: Path) -> None:
    """Delete the file."""
    path.unlink()


def replace_by_a_copy(path: Path) -> None:
    """Replace the file by a copy of itself."""
    shutil.copy(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)


def delete_the_log(path: Path) -> None:
    """Delete the write-ahead log."""
    Path(f"{path}-wal").unlink()


def replace_the_index(path: Path) -> None:
    """Replace the index of the write-ahead log by an empty one."""
    Path(f"{path}-shm").unlink()
    Path(f"{path}-shm").touch()


def truncate(path: Path) -> None:
    """Truncate the file."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    """Overwrite the file with other bytes, and make it shorter."""
    path.write_bytes(b"not a database at all" * 100)


HAPPENINGS = [delete, replace_by_a_copy, delete_the_log, replace_the_index, truncate, overwrite]


@pytest.mark.parametrize("happens", HAPPENINGS, ids=lambda happens: happens.__name__)
def test_a_file_that_goes_is_noticed(happens: Callable[[Path], None], tmp_path: Path) -> None:
    """After the file is deleted, replaced or damaged, no call is answered from memory or from the file's remains."""
    path = tmp_path / "x.sqlite3"
    url = file_with_timers(path)
    sandbox = opened(url)
    assert sandbox.handle("GET", "/healthz")[0] == 200
    happens(path)
    is_unavailable(sandbox)
    if happens is delete:
        assert not path.exists()  # a new, empty database would hide that the file is gone
    sandbox.store._database.close()  # type: ignore[attr-defined]  # noqa: SLF001 nothing can be written at the end


def test_a_file_that_another_program_compacts_is_still_used(tmp_path: Path) -> None:
    """VACUUM makes the file smaller, and is not damage."""
    path = tmp_path / "x.sqlite3"
    with opened(file_with_timers(path, 200)) as sandbox:
        sandbox.reset()
        before = path.stat().st_size
        with closing(sqlite3.connect(path)) as other:
            other.execute("VACUUM")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert path.stat().st_size < before
        assert sandbox.handle("GET", "/healthz")[0] == 200
        assert send(sandbox, call("intervals", "create_timer"))[0] == 201


# ---- at the start ------------------------------------------------------------------------------------


def test_a_damaged_file_is_not_opened(tmp_path: Path) -> None:
    """A file with damaged pages is an error at the start, although its first page is whole."""
    path = tmp_path / "x.sqlite3"
    url = file_with_timers(path)
    damaged = bytearray(path.read_bytes())
    for page in range(1, len(damaged) // 4096):
        damaged[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(damaged)
    with pytest.raises(StoreUnavailable, match=r"damaged|malformed"):
        SqlStore(url, WORKSPACE)


def test_the_error_of_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    """SQLite names the place of the damage in a second line, which would split a line of a server's log."""
    path = tmp_path / "x.sqlite3"
    url = file_with_timers(path)
    with closing(sqlite3.connect(path)) as other:
        root = other.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()[0]
    damaged = bytearray(path.read_bytes())
    damaged[(root - 1) * 4096] = 0  # the kind of the page
    path.write_bytes(damaged)
    with pytest.raises(StoreUnavailable, match="the database file is damaged: ") as raised:
        SqlStore(url, WORKSPACE)
    assert "\n" not in str(raised.value)


def test_a_database_of_another_program_is_not_changed(tmp_path: Path) -> None:
    """A SQLite file with other tables is rejected, and gets no tables of this store."""
    path = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")
    with pytest.raises(StoreUnavailable, match="a database of another program"):
        SqlStore(f"sqlite:///{path}", WORKSPACE)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


def test_a_database_of_an_earlier_development_version_is_rejected(url: str) -> None:
    """The error names the version of the schema, which had no attempts."""
    SqlStore(url, WORKSPACE).close()
    with connected(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_initial'")
        connection.exec_driver_sql("DROP TABLE attempts")
    with pytest.raises(StoreUnavailable, match=r"another version of punchclock.*0001_initial"):
        SqlStore(url, WORKSPACE)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_no_damage_escapes_as_another_error(seed: int, tmp_path: Path) -> None:
    """With random bytes anywhere in the file, a store doesn't open, or answers every call in the vendor's form."""
    chance = random.Random(seed)  # noqa: S311 reproducible; not cryptographic
    whole = tmp_path / "whole.sqlite3"
    file_with_timers(whole)
    content = whole.read_bytes()
    opens = 0
    for number in range(15):
        path = tmp_path / f"{number}.sqlite3"
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 4, 40, 400))):
            place = chance.randrange(100, len(damaged))
            size = chance.choice((1, 1, 8))
            damaged[place : place + size] = chance.randbytes(size)
        path.write_bytes(damaged)
        try:
            sandbox = opened(f"sqlite:///{path}")
        except StoreUnavailable:
            continue
        opens += 1
        for vendor, operation in (*READS, ("intervals", "create_timer"), ("intervals", "update_timer")):
            assert send(sandbox, call(vendor, operation))[0] < 600
        for get in ("/healthz", "/_punchclock/timers", "/_punchclock/journal", "/_punchclock/journal/events"):
            assert sandbox.handle("GET", get)[0] in (200, 503)
        with suppress(StoreUnavailable):
            sandbox.close()
    assert opens


# ---- values that punchclock did not write ------------------------------------------------------------

#: Statements that damage a database, and whether SQLite alone accepts them.
DAMAGE = {
    "no counter": ("DELETE FROM counter", False),
    "two counters": ("INSERT INTO counter VALUES (7)", False),
    "a counter below zero": ("UPDATE counter SET last_id = -5", False),
    "a text as the counter": ("UPDATE counter SET last_id = 'many'", True),
    "no table of counts": ("DROP TABLE counts", False),
    "no table of records": ("DROP TABLE records", False),
    "no table of attempts": ("DROP TABLE attempts", False),
    "a document that is not JSON": ("UPDATE records SET document = 'x'", False),
    "a document without UTF-8": ("UPDATE records SET document = CAST(x'7bff' AS TEXT)", True),
    "a document in bytes": ("UPDATE records SET document = CAST(document AS BLOB)", True),
    "a number as a document": ("UPDATE records SET document = CAST(7 AS INTEGER)", True),
    "a person in bytes": ("UPDATE records SET person = x'ff'", True),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_value_is_an_error_of_the_store(what: str, url: str) -> None:
    """A value that this store can't have written is the vendor's 5xx; no other error escapes."""
    statement, sqlite_only = DAMAGE[what]
    if sqlite_only and not url.startswith("sqlite"):
        pytest.skip("PostgreSQL rejects the statement")
    sandbox = opened(url)
    assert send(sandbox, call("intervals", "create_timer"))[0] == 201
    assert send(sandbox, call("timetrack", "start_project_timer"))[0] == 200
    with connected(url) as connection:
        connection.exec_driver_sql(statement)
    calls = [
        call("intervals", "list_timers", limit=1),
        call("intervals", "create_timer"),
        call("timetrack", "read_project_timer"),
    ]
    statuses = {send(sandbox, each)[0] for each in calls}
    statuses |= {sandbox.handle("GET", path)[0] for path in ("/healthz", "/_punchclock/timers")}
    assert statuses & {502, 503}
    assert statuses <= {200, 201, 404, 502, 503}
    with suppress(StoreUnavailable):
        sandbox.close()


def test_a_damaged_count_is_an_error_of_the_store(url: str) -> None:
    """A number of records below zero isn't reported as the total of a list."""
    with opened(url) as sandbox:
        assert send(sandbox, call("intervals", "create_timer"))[0] == 201
        with connected(url) as connection:
            connection.exec_driver_sql("UPDATE counts SET records = -1")
        with sandbox.store.reading() as account, pytest.raises(StoreUnavailable, match="did not write"):
            account.find(Query(of=IntervalsTimer, limit=1))


def test_the_error_of_a_damaged_page_is_one_line(tmp_path: Path) -> None:
    """SQLite reports a damaged page in two lines; the log gets one."""
    url = file_with_timers(tmp_path / "damaged.sqlite")
    path = tmp_path / "damaged.sqlite"
    data = path.read_bytes()
    errors = set()
    for begin in range(4096, len(data), 4096):
        path.write_bytes(data[:begin] + b"\x07" + data[begin + 1 :])
        with pytest.raises(StoreUnavailable) as caught:
            SqlStore(url, demo_workspace())
        errors.add(str(caught.value))
    assert any("database file is damaged: *** in database main *** " in error for error in errors), errors
    assert not any("\n" in error for error in errors)
