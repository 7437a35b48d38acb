"""Errors of the vendor layer: unknown vendors and calls, malformed payloads, rejections, failed conversions."""

from __future__ import annotations

from punchclock.errors import PunchclockError, safe_repr, truncate

__all__ = [
    "InconsistentChange",
    "InvalidField",
    "MalformedPayload",
    "MissingFields",
    "NotRepresentable",
    "Rejection",
    "StateNotShown",
    "UnknownEntity",
    "UnknownOperation",
    "UnknownVendor",
    "safe_text",
]


class UnknownVendor(PunchclockError):
    """There is no vendor of this name.

    Attributes:
        vendor: the name that was given.
        known: the names that exist.
    """

    code = "unknown-vendor"

    def __init__(self, vendor: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown vendor {safe_repr(vendor)}; known vendors: {', '.join(known)}")
        self.vendor = vendor
        self.known = known


class UnknownOperation(PunchclockError):
    """The vendor has no operation of this name.

    Attributes:
        vendor: the vendor.
        operation: the name that was given.
        known: the names that exist.
    """

    code = "unknown-operation"

    def __init__(self, vendor: str, operation: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{vendor} has no operation {safe_repr(operation)}; its operations: {', '.join(known)}")
        self.vendor = vendor
        self.operation = operation
        self.known = known


class MalformedPayload(PunchclockError):
    """A payload that does not have the form that the vendor documents.

    Attributes:
        vendor: the vendor whose payload was expected.
        path: the invalid field, as ``$.data[0].time``; ``$`` is the whole payload.
        value: the value there.
        reason: what is wrong with it.
    """

    code = "malformed-payload"

    def __init__(self, vendor: str, path: str, value: object, reason: str) -> None:
        super().__init__(f"{vendor}: {safe_text(path)}: {safe_text(reason)} (got {safe_repr(value)})")
        self.vendor = vendor
        self.path = path
        self.value = value
        self.reason = reason


class Rejection(PunchclockError):
    """A vendor's rejection of a call, with the vendor's own code and message.

    Attributes:
        vendor: the vendor.
        status: the HTTP status.
        vendor_code: the vendor's error code.
        message: the vendor's text.
        field: the invalid parameter, ``""`` if the rejection is not about one.
        detail: a longer description, for vendors whose responses have a field for it.
    """

    code = "rejected"

    def __init__(
        self, vendor: str, status: int, vendor_code: int, message: str, field: str = "", detail: str = ""
    ) -> None:
        super().__init__(
            f"{vendor}: {vendor_code} {safe_text(message)}" + (f" ({safe_text(detail)})" if detail else "")
        )
        self.vendor = vendor
        self.status = status
        self.vendor_code = vendor_code
        self.message = message
        self.field = field
        self.detail = detail


def safe_text(text: str) -> str:
    """Return untrusted text, truncated to fit a line; characters that UTF-8 cannot encode are escaped."""
    return truncate(text).encode("utf-8", "backslashreplace").decode()


class UnknownEntity(PunchclockError):
    """An entity that a payload or a log names, and that the workspace does not have or has more than once.

    Attributes:
        kind: ``person``, ``client``, ``project``, ``task`` or ``job``.
        name: the id, e-mail address or name that was given.
        count: how many the workspace has.
        field: which of these was given: ``id``, ``email`` or ``name``.
    """

    code = "unknown-entity"

    def __init__(self, kind: str, name: str, count: int = 0, field: str = "name") -> None:
        found = f"are {count} {kind}s" if count else f"is no {kind}"
        super().__init__(f"there {found} {safe_repr(name)}")
        self.kind = kind
        self.name = name
        self.count = count
        self.field = field


class NotRepresentable(PunchclockError):
    """A timer that a vendor cannot show.

    Attributes:
        vendor: the vendor.
        reason: why it cannot.
    """

    code = "not-representable"

    def __init__(self, vendor: str, reason: str) -> None:
        super().__init__(f"{vendor} cannot show this timer: {reason}")
        self.vendor = vendor
        self.reason = reason


class MissingFields(NotRepresentable):
    """A timer without fields that a vendor requires.

    Attributes:
        fields: the fields, by the names that `punchclock.vendors.convert` takes values for, such as ``person.id``.
    """

    code = "missing-fields"

    def __init__(self, vendor: str, fields: tuple[str, ...]) -> None:
        super().__init__(vendor, f"required fields are missing: {', '.join(fields)}")
        self.fields = fields


class StateNotShown(NotRepresentable):
    """A timer in a state that a vendor does not show.

    Attributes:
        state: the timer's state.
        nearest: the state in which the vendor could show it.
        shown: the states that the vendor shows.
    """

    code = "state-not-shown"

    def __init__(self, vendor: str, state: str, nearest: str, shown: tuple[str, ...]) -> None:
        super().__init__(vendor, f"it is {state}, and {vendor} shows only {' and '.join(shown)} timers")
        self.state = state
        self.nearest = nearest
        self.shown = shown


class InvalidField(PunchclockError):
    """A value for a field of a record that does not exist, or that is not valid for it.

    Attributes:
        field: the field's name.
        reason: what is wrong.
    """

    code = "invalid-field"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{safe_text(field)}: {reason}")
        self.field = field
        self.reason = reason


class InconsistentChange(PunchclockError):
    """A change that is not what its action does to the record: an error in a vendor's folder. Nothing is stored.

    Attributes:
        vendor: the vendor.
        id: the record's id.
        action: the event, the correction or ``update``.
        reason: what is wrong.
    """

    code = "inconsistent-change"

    def __init__(self, vendor: str, id: str, action: str, reason: str) -> None:
        super().__init__(f"{vendor}: the change {safe_repr(action)} of timer {safe_repr(id)} is inconsistent: {reason}")
        self.vendor = vendor
        self.id = id
        self.action = action
        self.reason = reason
