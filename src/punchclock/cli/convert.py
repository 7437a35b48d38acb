"""`punchclock convert`: one vendor's payload as another vendor would show the same timer.

This module reads the arguments and prints the results; the conversion is in `punchclock.vendors.conversion`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import IO, Any, BinaryIO, Final

import click
import msgspec
from msgspec import UNSET
from msgspec.structs import asdict

from punchclock.cli.parameters import A_FILE, read_instant, read_workspace, read_zone
from punchclock.cli.terminal import advice, printable, report
from punchclock.clock import now
from punchclock.errors import PunchclockError
from punchclock.vendors import names
from punchclock.vendors.conversion import Conversion, convert_all
from punchclock.vendors.errors import InvalidField
from punchclock.vendors.workspace import Workspace


class _Payload(click.File):
    """A binary file or standard input; a closed standard input is a usage error instead of a traceback."""

    def convert(
        self, value: str | os.PathLike[str] | IO[Any], param: click.Parameter | None, ctx: click.Context | None
    ) -> IO[Any]:
        if value == "-" and sys.stdin is None:  # as with ``<&-``
            self.fail("there is no standard input", param, ctx)
        return super().convert(value, param, ctx)


def _read_values(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Return the values of the fields in ``FIELD=VALUE``."""
    values: dict[str, str] = {}
    for each in given:
        field, sign, value = each.partition("=")
        if not sign or field in values:
            reason = f"{field} has two values" if sign else f"{each!r} is not FIELD=VALUE, as in person.id=3"
            raise click.BadParameter(printable(reason))
        values[field] = value
    return values


@click.command()
@click.option("--from", "source", type=click.Choice(names()), required=True, help="The payload's vendor.")
@click.option("--to", "target", type=click.Choice(names()), required=True, help="The vendor to convert to.")
@click.option("--at", callback=read_instant, metavar="INSTANT", help="The instant of the payload. [default: now]")
@click.option(
    "--zone", callback=read_zone, metavar="ZONE", help="The account's time zone. [default: the workspace's, or UTC]"
)
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="The workspace in which names and ids are looked up, in TOML or JSON. [default: nothing is looked up]",
)
@click.option("--strict", is_flag=True, help="Exit with status 1 if anything is reported.")
@click.option(
    "--set",
    "values",
    multiple=True,
    callback=_read_values,
    metavar="FIELD=VALUE",
    help="A value that the payload does not report, such as person.id=3. Can be repeated.",
)
@click.option(
    "--allow-state-change", is_flag=True, help="Show a timer in another state if the target does not show its own."
)
@click.option(
    "--report",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The form of the report: a line of text or a JSON object for each difference.",
)
@click.argument("payload", type=_Payload("rb"), default="-", metavar="[FILE]")
def convert(
    *,
    source: str,
    target: str,
    at: int | None,
    zone: dt.tzinfo | None,
    workspace: Workspace | None,
    strict: bool,
    values: dict[str, str],
    allow_state_change: bool,
    form: str,
    payload: BinaryIO,
) -> int:
    """Read one vendor's payload from FILE and write each timer in it as another vendor's payload, one a line.

    Without FILE, or if it is -, standard input is read. Fields that are changed, dropped or filled are reported on
    standard error.
    """
    try:
        conversions = convert_all(
            payload.read(),
            source=source,
            target=target,
            now=now() if at is None else at,
            workspace=workspace,
            zone=None if zone is None else str(zone),  # vendors identify a zone by its name
            values=values,
            allow_state_change=allow_state_change,
        )
    except InvalidField as error:
        raise click.BadParameter(printable(str(error)), param_hint="'--set'") from error
    except PunchclockError as error:
        place = "" if error.index is None else f"timer {error.index + 1}: "
        raise click.ClickException(printable(f"{place}{error}{advice(error, can_set=True)}")) from error
    except OSError as error:
        raise click.UsageError(f"cannot read the payload: {error.strerror}") from error
    reported = _report(conversions, as_json=form == "json")
    for conversion in conversions:
        sys.stdout.buffer.write(conversion.payload + b"\n")
    sys.stdout.buffer.flush()
    return 1 if strict and reported else 0


def _report(conversions: list[Conversion], *, as_json: bool) -> int:
    """Print the differences on standard error, and return their number."""
    reported = 0
    for number, conversion in enumerate(conversions, 1):
        place = f"timer {number}: " if len(conversions) > 1 else ""
        for difference in conversion.differences:
            reported += 1
            if as_json:
                told = {key: value for key, value in asdict(difference).items() if value is not UNSET}
                click.echo(_encode({"timer": number} | told), err=True)
            else:
                report(f"{place}{difference}")
    return reported


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
