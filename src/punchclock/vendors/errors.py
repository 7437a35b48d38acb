"""What can go wrong between a program and a vendor: no such call, a payload that is none, the vendor's own no.

And between two vendors: what one names and the workspace does not have, and what the other has no form for.
"""

from __future__ import annotations

from punchclock.errors import PunchclockError, safe_repr, truncate

__all__ = [
    "MalformedPayload",
    "NotRepresentable",
    "Rejection",
    "UnknownEntity",
    "UnknownOperation",
    "UnknownVendor",
    "clipped",
]


class UnknownVendor(PunchclockError):
    """No vendor of this name is served.

    Attributes:
        vendor: the name that was given.
        known: the names that there are.
    """

    code = "unknown-vendor"

    def __init__(self, vendor: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no vendor {safe_repr(vendor)}; there are {', '.join(known)}")
        self.vendor = vendor
        self.known = known


class UnknownOperation(PunchclockError):
    """The vendor has no call of this name.

    Attributes:
        vendor: the vendor.
        operation: the name that was given.
        known: the names that there are.
    """

    code = "unknown-operation"

    def __init__(self, vendor: str, operation: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{vendor} has no call {safe_repr(operation)}; there are {', '.join(known)}")
        self.vendor = vendor
        self.operation = operation
        self.known = known


class MalformedPayload(PunchclockError):
    """A payload that is not what the vendor documents.

    Attributes:
        vendor: whose payload it was meant to be.
        path: the field at fault, as ``$.data[0].time``; ``$`` is the whole.
        value: what stands there.
        reason: what is wrong with it.
    """

    code = "malformed-payload"

    def __init__(self, vendor: str, path: str, value: object, reason: str) -> None:
        super().__init__(f"{vendor}: {clipped(path)}: {clipped(reason)} (got {safe_repr(value)})")
        self.vendor = vendor
        self.path = path
        self.value = value
        self.reason = reason


class Rejection(PunchclockError):
    """A vendor's rejection, with the vendor's own numbers and words.

    Attributes:
        vendor: who rejects.
        status: the HTTP status.
        vendor_code: the vendor's error code.
        message: the vendor's text.
        field: the parameter at fault, ``""`` where it is none.
        detail: more about it, for a vendor that has a place for more.
    """

    code = "rejected"

    def __init__(
        self, vendor: str, status: int, vendor_code: int, message: str, field: str = "", detail: str = ""
    ) -> None:
        super().__init__(f"{vendor}: {vendor_code} {clipped(message)}" + (f" ({clipped(detail)})" if detail else ""))
        self.vendor = vendor
        self.status = status
        self.vendor_code = vendor_code
        self.message = message
        self.field = field
        self.detail = detail


def clipped(text: str) -> str:
    """A stranger's text, cut to a length that fits a line; what UTF-8 cannot hold is spelled out."""
    return truncate(text).encode("utf-8", "backslashreplace").decode()


class UnknownEntity(PunchclockError):
    """What a payload or a log names and a workspace does not have, or has more than once.

    Attributes:
        kind: ``person``, ``client``, ``project``, ``task`` or ``job``.
        name: the id, e-mail address or name that was given.
        count: how many there are.
    """

    code = "unknown-entity"

    def __init__(self, kind: str, name: str, count: int = 0) -> None:
        found = f"are {count} {kind}s" if count else f"is no {kind}"
        super().__init__(f"there {found} {safe_repr(name)}")
        self.kind = kind
        self.name = name
        self.count = count


class NotRepresentable(PunchclockError):
    """A timer that a vendor has no form for.

    Attributes:
        vendor: the vendor that was to show it.
        reason: what stands in the way.
    """

    code = "not-representable"

    def __init__(self, vendor: str, reason: str) -> None:
        super().__init__(f"{vendor} cannot show this timer: {reason}")
        self.vendor = vendor
        self.reason = reason
