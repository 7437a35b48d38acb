"""The rules that vendors share."""

from __future__ import annotations

from punchclock import State
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.rules import (
    Rule,
    at_most,
    has_role,
    none_running,
    not_blank,
    one_per_task,
    own_or_privileged,
    person_of_token,
    secrets_equal,
)
from punchclock.vendors.workspace import Credential, Person, Role
from toy_vendor import RECORDS, WORKSPACE, ToyTimer, broken, record


def test_lengths_and_blanks() -> None:
    """A text that is too long, and a blank one, are violations."""
    at_most(3, "name", "üüü")
    not_blank("name", 0)
    with broken(Rule.LENGTH, "name"):
        at_most(3, "name", "üüüü")
    for blank in (None, ""):
        with broken(Rule.REQUIRED, "name"):
            not_blank("name", blank)


def test_roles_and_owners() -> None:
    """A person needs an allowed role, and a privileged one for what belongs to others."""
    admin, resource = WORKSPACE.people["1"], WORKSPACE.people["3"]
    has_role(admin, {Role.ADMINISTRATOR})
    with broken(Rule.ROLE):
        has_role(resource, {Role.ADMINISTRATOR})
    with broken(Rule.ROLE):
        has_role(Person(), set(Role))
    own_or_privileged(resource, resource, ())
    own_or_privileged(resource, admin, {Role.ADMINISTRATOR})
    with broken(Rule.FOREIGN):
        own_or_privileged(admin, resource, {Role.ADMINISTRATOR})


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
    none_running(account, ToyTimer, WORKSPACE.people["1"], (State.RUNNING,))
    none_running(account, ToyTimer, WORKSPACE.people["3"], (State.PAUSED,))
    with broken(Rule.ONE_RUNNING):
        none_running(account, ToyTimer, WORKSPACE.people["3"], (State.RUNNING, State.PAUSED))
    one_per_task(account, RECORDS[0])
    one_per_task(account, record(1009, "3"))
    one_per_task(account, record(1009, "3", "33"))
    with broken(Rule.ONE_PER_TASK):
        one_per_task(account, record(1009, "3", "31"))
