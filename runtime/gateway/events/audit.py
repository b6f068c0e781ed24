"""What an operator did, as an event: who, what, old and new value."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from runtime.core.tag import Variable
from runtime.gateway import fields
from runtime.gateway.view.observation import Observer
from runtime.wire.messages import Event, Severity
from runtime.wire.values import show, to_json

Audit = Callable[[Severity, str], Event]
"""Tells everybody what an operator did."""
_START_TIME = re.compile(r"-\d{13}$")


def who(message: Mapping[str, Any]) -> str:
    """The client as people read it: `hmi-4711`, without the start time that makes its name unique."""
    return _START_TIME.sub("", fields.text(message, "client", "a local client"))


def unit_of(variable: Variable) -> str:
    """The unit with a blank before it; empty for none."""
    return f" {variable.unit}" if variable.unit else ""


def shown_before(observer: Observer, variable: Variable) -> str:
    """The value now, as people read it; `?` before the first scan."""
    snapshot = observer.latest()
    return "?" if snapshot is None else show(to_json(snapshot.value(variable), variable), variable.type_name)
