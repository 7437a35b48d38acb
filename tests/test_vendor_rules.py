"""The rules that vendors share."""

from __future__ import annotations

from punchclock import State
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.rules import (
    Rule,
    person_of_token,
    require_at_most,
    require_none_running,
    require_not_blank,
    require_one_per_task,
    require_own_or_privileged,
    require_role,
    secrets_equal,
)
from punchclock.vendors.workspace import Credential, Person, Role
from toy_vendor import RECORDS, WORKSPACE, ToyTimer, broken, record


def test_lengths_and_blanks() -> None:
    """A text that is too long, and a blank one, are violations."""
    require_at_most(3, "name", "üüü")
    require_not_blank("name", 0)
    with broken(Rule.LENGTH, "name"):
        require_at_most(3, "name", "üüüü")
    for blank in (None, ""):
        with broken(Rule.REQUIRED, "name"):
            require_not_blank("name", blank)


def test_roles_and_owners() -> None:
    """A person needs an allowed role, and a privileged one for what belongs to others."""
    admin, resource = WORKSPACE.people["1"], WORKSPACE.people["3"]
    require_role(admin, {Role.ADMINISTRATOR})
    with broken(Rule.ROLE):
        require_role(resource, {Role.ADMINISTRATOR})
    with broken(Rule.ROLE):
        require_role(Person(), set(Role))
    require_own_or_privileged(resource, resource, ())
    require_own_or_privileged(resource, admin, {Role.ADMINISTRATOR})
    with broken(Rule.FOREIGN):
        require_own_or_privileged(admin, resource, {Role.ADMINISTRATOR})


def test_tokens() -> None:
    """A token identifies its person; unknown tokens, blank tokens and tokens of unknown people are rejected."""
    assert person_of_token("t", Credential(tokens={"s": "1", "t": "3"}), WORKSPACE) == WORKSPACE.people["3"]
    for token, tokens in (("u", {"t": "3"}), ("t", {"t": "99"}), ("", {}), ("", {"": "3"}), ("\ud800", {"t": "3"})):
        with broken(Rule.CREDENTIALS):
            person_of_token(token, Credential(tokens=tokens), WORKSPACE)
    assert secrets_equal("ü\ud800", "ü\ud800")
    assert not secrets_equal("a", "b")


def test_one_timer_of_a_person() -> None:
    """A person has at most one running timer and one timer per task; a record does not count against itself."""
    account = MemoryAccount(WORKSPACE, RECORDS)
    require_none_running(account, ToyTimer, WORKSPACE.people["1"], (State.RUNNING,))
    require_none_running(account, ToyTimer, WORKSPACE.people["3"], (State.PAUSED,))
    with broken(Rule.ONE_RUNNING):
        require_none_running(account, ToyTimer, WORKSPACE.people["3"], (State.RUNNING, State.PAUSED))
    require_one_per_task(account, RECORDS[0])
    require_one_per_task(account, record(1009, "3"))
    require_one_per_task(account, record(1009, "3", "33"))
    with broken(Rule.ONE_PER_TASK):
        require_one_per_task(account, record(1009, "3", "31"))
