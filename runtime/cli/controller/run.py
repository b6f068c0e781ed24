"""`voltscan run`: checks, then runs a controller until Ctrl-C, SIGTERM or the end of its duration."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.cli.language.check import print_diagnostics
from runtime.cluster.memberstate import found_member, join_member
from runtime.core.duration import duration_ns
from runtime.core.fault import ConfigFault
from runtime.image.control import is_standby
from runtime.image.snapshot import SnapshotReader
from runtime.node.build import build_site
from runtime.node.change.goingon import going_on
from runtime.node.prepare import prepare
from runtime.node.run import Controller, RunOptions
from runtime.node.supervisor import Supervisor
from runtime.wire.values import show, to_json

STATUS_LINE_EVERY_S = 1.0


def run_site(site_file: Path, *, duration: str | None, hmi: bool | None, cold: bool, of_files: bool) -> int:
    """Run the site of a file; 1 when something is wrong with it, then nothing has started."""
    try:
        duration_limit_ns = duration_ns(duration) if duration else None
    except ValueError as wrong:
        raise ConfigFault(str(wrong), where="--duration") from wrong
    if site_file.suffix.lower() == ".st":
        raise ConfigFault(
            "this is a program, and `run` takes a site file that names programs",
            where=str(site_file),
            mend=f"try it without a site: voltscan exec {site_file} --scans 100; or see configs/README.md",
        )
    result = build_site(site_file)
    print_diagnostics(result.diagnostics, as_json=False)
    kept = going_on(site_file) if result.build is None and not of_files else None
    fill: Callable[[Path], None]
    if result.build is not None:
        table, fill = result.build.site.table, partial(prepare, result.build)
    elif kept is not None:
        why = "the site's files have errors; mend and download them"
        _say(f"warning: version {kept.name} goes on, as it ran last: {why}")
        table, fill = kept.site.table, kept.fill
    else:
        print(f"{site_file}: not started", file=sys.stderr)
        return 1
    with_hmi = sys.stdin.isatty() and sys.stdout.isatty() if hmi is None else hmi
    options = RunOptions(duration_ns=duration_limit_ns, hmi=with_hmi, cold=cold, of_files=of_files)
    served = "NOTIFY_SOCKET" in os.environ
    controller = Controller(table.name, fill, options)
    screen = _Screen(controller, table.hmi.status_line)
    _say(f"site {controller.manifest.site}: starting, logs in {controller.state_dir / 'log'}")
    try:
        controller.run(screen.event, screen.tick)
    finally:
        controller.close()
    _say(f"site {controller.manifest.site}: stopped, outputs at fail-safe")
    if controller.asked == "restart" and not served:  # a service manager starts what has ended by itself
        _start_anew()
    if controller.asked == "reboot":
        return _start_computer_anew(controller.reboot_command)
    return 0


def _start_anew() -> None:
    """Become the same command again: warm, in what ran last; only a person drops what is retained or downloaded."""
    words = [word for word in sys.orig_argv if word not in ("--cold", "--files")]
    sys.stdout.flush()
    os.execv(sys.executable, words)  # noqa: S606 - the very words that started this process


def _start_computer_anew(command: tuple[str, ...]) -> int:
    try:
        ended = subprocess.run(command, check=False)  # noqa: S603 - the site file's own command
    except OSError as fault:
        raise ConfigFault(
            f"the computer is not started anew: {fault.strerror}",
            where=f"[host] reboot_command = {list(command)}",
            mend="name a program that is there, by its whole path",
        ) from fault
    if ended.returncode:
        _say(f"error: {' '.join(command)} ended with code {ended.returncode}: the computer is not started anew")
    return ended.returncode


def make_pair_state(site_file: Path, *, joins: bool) -> int:
    """Make the state of a member of a pair, once; 1 when something is wrong with the site."""
    result = build_site(site_file)
    print_diagnostics(result.diagnostics, as_json=False)
    if result.build is None:
        return 1
    plan = result.build.pair
    if plan is None:
        raise ConfigFault("this controller is alone", where=str(site_file), mend="a pair has [pair] in its site file")
    (join_member if joins else found_member)(plan)
    how = "the leader is to add it" if joins else "its group begins with it"
    print(f"member {plan.name} has a state now in {plan.state_folder}: {how}")
    return 0


def _say(text: str) -> None:
    """Print a line. Whoever read them may be gone (`voltscan run … | head`): the plant runs on, unheard."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Screen:
    """What the terminal shows while there is no HMI on it: events as they come, a status line each second."""

    def __init__(self, controller: Controller, names: list[str]) -> None:
        self._controller = controller
        self._names = names
        self._look_at_version()
        self._next_s = 0.0
        self._hmi_seen = False
        self._hmi_open = False

    def event(self, severity: str, text: str) -> None:
        """Print what the supervisor did, unless the HMI has the screen (it shows the event itself)."""
        if not self._hmi_open:
            _say(f"{severity}: {text}")

    def tick(self, supervisor: Supervisor) -> None:
        """Called ten times a second."""
        self._hmi_open = supervisor.alive("hmi")
        if self._hmi_open:
            self._hmi_seen = True
            return
        if self._hmi_seen:
            self._hmi_seen = False
            _say("the HMI is closed, the controller goes on; Ctrl-C stops it, `voltscan hmi` opens it again")
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + STATUS_LINE_EVERY_S
            _say(self._line())

    def _look_at_version(self) -> None:
        controller = self._controller
        self._image = controller.image
        self._snapshots = SnapshotReader(self._image)
        tags = controller.manifest.tags
        self._leaves = [leaf for leaf in map(tags.find, self._names) if leaf is not None]

    def _line(self) -> str:
        if self._controller.image is not self._image:  # the programs were changed
            self._look_at_version()
        control = self._controller.control
        snapshot = self._snapshots.latest()
        if snapshot is None or control.scan_no == 0:
            return "waiting for the first scan"
        doing = "standby" if is_standby(control) else "driving" if control.driving else "FAIL-SAFE"
        told = [f"scan {control.scan_no}", doing]
        for leaf in self._leaves:
            value = show(to_json(snapshot.value(leaf), leaf), leaf.type_name)
            told.append(f"{leaf.name} {_short(value)}")  # the unit is the last word of the name
        return "  ".join([*told, f"overruns {control.overruns}"])


def _short(value: str) -> str:
    try:
        return f"{float(value):.1f}"
    except ValueError:
        return value
