"""An id is given once, to timers and to the comments in them, in memory and in a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import database_url
from punchclock.sandbox import Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.workspaces import demo_workspace
from sandbox_calls import NOON, call, send


def next_id(sandbox: Sandbox) -> int:
    """The id of the next timer or comment."""
    with sandbox.store.reading() as account:
        return account.new_id()


@pytest.mark.parametrize("database", [False, True])
def test_the_id_of_a_comment_is_not_given_again(tmp_path: Path, database: bool) -> None:
    """After a comment the next id is the one after the comment's, also in a server that is started later."""
    workspace = demo_workspace()
    with database_url("sqlite", tmp_path) as url:
        with Sandbox(workspace, clock=NOON, store=SqlStore(url, workspace) if database else None) as sandbox:
            send(sandbox, call("zoho", "start_timer"))
            comment = next_id(sandbox)
            _, _, body = send(sandbox, call("zoho", "add_comment"))
            assert f'"commentId":"{comment}"'.encode() in body
            assert next_id(sandbox) == comment + 1
        if database:
            with Sandbox(workspace, clock=NOON, store=SqlStore(url, workspace)) as another:
                assert next_id(another) == comment + 1
