"""`voltscan force`, `forces`: hold variables at values, and see what is held."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from runtime.cli.controller.remote import reports, wrong_usage
from runtime.cli.given_text import without_quotes
from runtime.cli.textable import table
from runtime.wire.client import Client
from runtime.wire.values import show

HOW = {
    "input": "at latch, in place of the device",
    "output": "at publish, in place of the program",
    "variable": "at the start and end of each turn",
}


@reports
def force(
    client: Client,
    name: str | None,
    value: str | None,
    *,
    keep: bool = False,
    prepare: bool = False,
    apply: bool = False,
    as_json: bool = False,
) -> int:
    """Force a variable, prepare it, or apply all that is prepared."""
    if apply:
        if name is not None or prepare:
            return wrong_usage("--apply forces what is prepared: name nothing with it")
        client.request("force_prepared", client=client.name)
    elif name is None or value is None:
        return wrong_usage("name a variable and a value, or say --apply")
    else:
        meant = without_quotes(value, name)
        client.request("force", name=name, value=meant, keep=keep, prepare=prepare, client=client.name)
    told = client.request("forces")
    if as_json:
        print(json.dumps(told))
        return 0
    if not apply:
        until = "voltscan force --apply" if prepare else f"voltscan unforce {name}"
        print(f"{name} is {'prepared for' if prepare else 'forced to'} {value} until: {until}")
    print(f"forces active: {len(told['forces'])}, prepared: {len(told['prepared'])}")
    return 0


@reports
def forces(client: Client, *, as_json: bool = False) -> int:
    """List what is forced and prepared."""
    told = client.request("forces")
    if as_json:
        print(json.dumps(told))
        return 0
    _print("forced", told["forces"])
    if told["prepared"]:
        print()
        _print("prepared", told["prepared"])
    return 0


def _print(head: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        print(f"nothing is {head}")
        return
    print(table(map(_line, rows), head=(head, "value", "acts", "until", "by", "since"), right=(1,)))


def _line(row: Mapping[str, Any]) -> Sequence[str]:
    by = row["client"] or "unknown"
    return row["name"], show(row["value"], row["type"]), HOW[row["how"]], _keep(row), by, _when(row)


def _keep(row: Mapping[str, Any]) -> str:
    return "let go" if row["keep"] else "let go or restart"


def _when(row: Mapping[str, Any]) -> str:
    at = row["t_wall_ns"]
    return datetime.fromtimestamp(at / 1e9).astimezone().isoformat(sep=" ", timespec="seconds") if at else "unknown"
