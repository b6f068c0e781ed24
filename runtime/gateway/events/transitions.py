"""Turns what the scan does into events: it starts, stands, closes or opens its fence, records program faults."""

from runtime.core.rights import RIGHTS, rights_in
from runtime.gateway.faults.programfaults import faults_since
from runtime.gateway.view.observation import Observer
from runtime.image.control import is_standby
from runtime.wire.messages import Severity

_STANDBY = "this controller is the standby now: it mirrors the other one, which drives the outputs"
_LEADS = "this controller leads now"


class Transitions:
    """Compares the scan's state with that of the call before. Called ten times a second."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._scanning: bool | None = None
        self._driving: bool | None = None
        self._fault_stop: bool | None = None
        self._standby: bool | None = None
        self._faults: int | None = None
        self._rights_missing = 0

    def seen(self, now_ns: int) -> list[tuple[Severity, str]]:
        """What has changed; of the very first call nothing but faults that nobody has acknowledged."""
        control = self._observer.control
        scanning = self._observer.tick(now_ns)
        driving = scanning and bool(control.driving)
        fault_stop = bool(control.fault_stop)
        events: list[tuple[Severity, str]] = []
        if self._scanning is not None and scanning != self._scanning:
            events.append(("info", "the scan runs") if scanning else ("error", "the scan stands"))
        standby = is_standby(control)
        if self._standby is not None and standby != self._standby:
            events.append(("info", _STANDBY if standby else _LEADS))
        if self._driving is not None and driving != self._driving and not standby:
            events.append(
                ("info", "outputs are driven by the programs") if driving else ("warning", "outputs are at fail-safe")
            )
        events += self._new_rights(control.rights_missing)
        events += self._new_faults(control.fault_count, control.fault_ack)
        if self._fault_stop is not None and fault_stop != self._fault_stop:
            events.append(
                ("error", "a program fault stops the outputs until it is acknowledged")
                if fault_stop
                else ("info", "program faults acknowledged")
            )
        self._scanning, self._driving, self._fault_stop, self._standby = scanning, driving, fault_stop, standby
        return events

    def _new_rights(self, missing: int) -> list[tuple[Severity, str]]:
        new, self._rights_missing = missing & ~self._rights_missing, missing
        texts = [RIGHTS[right] for right in rights_in(new)]
        return [("warning", f"{text.without}; add `{text.unit_line}` to the unit file") for text in texts]

    def _new_faults(self, count: int, acknowledged: int) -> list[tuple[Severity, str]]:
        if self._faults is None:
            self._faults = acknowledged
        if count == self._faults:
            return []
        snapshot = self._observer.latest()
        if snapshot is None or snapshot.fault_count < count:
            return []  # the snapshot that shows them is still to come
        first, self._faults = (self._faults if count > self._faults else 0), count
        told = faults_since(snapshot, self._observer.manifest.fault_sites, first)
        found: list[tuple[Severity, str]] = [
            ("error", f"{f['file']}:{f['line']}: {f['pou']}: {f['text']} (scan {f['scan']})") for f in told
        ]
        missed = count - first - len(told)
        if missed > 0:
            found.insert(0, ("error", f"{missed} more program faults, whose places are no longer known"))
        return found
