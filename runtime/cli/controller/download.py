"""`voltscan download` and `voltscan rollback`: the programs of a running controller are changed while it runs.

Compiling, checking and comparing happen in this process; the controller is asked only when all of that is right.
"""

import json
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.cli.language.check import print_diagnostics
from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault, PlcFault
from runtime.core.migration import Migration
from runtime.image.manifest import Manifest
from runtime.node import runplan
from runtime.node.build import Build, build_site
from runtime.node.change.changecheck import misfits, notes, refusals
from runtime.node.change.changesocket import ask
from runtime.node.change.versionnote import VersionNote
from runtime.node.change.versions import new_download_folder, version_hash
from runtime.node.prepare import prepare
from runtime.node.runplan import RunPlan
from runtime.scan.change.changeplan import plan_change
from runtime.wire.client import Client
from runtime.wire.consoles import load_consoles
from runtime.wire.endpoints import endpoints
from runtime.wire.fault import WireFault
from runtime.wire.rundir import find_site
from runtime.wire.values import parse

FINE, FAILED = 0, 1
_SCADA_CHANGED = "changed: clients are disconnected if a register is gone or different"
_VALUES_MAX = 500
"""So many retyped variables are looked at for whether their value fits: an answer has room for them."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """What runs, what is to run, and what lies between them."""

    hash: str
    former_hash: str
    migration: Migration
    reasons: list[str]
    notes: list[str]
    map_changed: bool
    scada_changed: bool

    def lines(self) -> list[str]:
        told = [f"version {self.former_hash} runs, {self.hash} comes", *self.migration.lines()]
        told.append(
            "I/O map      changed: devices are connected to anew" if self.map_changed else "I/O map      the same"
        )
        told.append(f"SCADA map    {_SCADA_CHANGED if self.scada_changed else 'the same'}")
        return told + [f"note: {note}" for note in self.notes]

    def to_json(self) -> dict[str, Any]:
        return {
            "version": self.hash,
            "former": self.former_hash,
            "plan": self.migration.to_json(),
            "io_map_changed": self.map_changed,
            "scada_map_changed": self.scada_changed,
            "notes": self.notes,
            "refused": self.reasons,
        }


def download(site_file: Path, *, dry_run: bool, as_json: bool) -> int:
    """Compile a site beside its running controller, show what would become of the variables, and change over."""
    result = build_site(site_file)
    print_diagnostics(result.diagnostics, as_json=False)
    if result.build is None:
        print(f"{site_file}: not downloaded; the controller goes on with what it has", file=sys.stderr)
        return FAILED
    site, run_dir = find_site(result.build.site.table.name)
    if not dry_run:
        _refuse_at_standby(run_dir, f"download {site_file.name}, the site file of that box")
    folder = new_download_folder(run_dir)
    handed_over = False
    try:
        compared = _compare(result.build, run_dir, folder)
        if not as_json:
            print("\n".join(compared.lines()))
        told = {"done": False, "why": compared.reasons}
        if not compared.reasons and not dry_run:
            told = ask(run_dir, {"do": "download", "folder": str(folder)})
            handed_over = bool(told["done"])
    finally:
        if not handed_over:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print(json.dumps(compared.to_json() | ({} if dry_run else told)))
        return FINE if told["done"] or (dry_run and not compared.reasons) else FAILED
    return _say(told, f"site {site}", dry_run=dry_run)


def rollback(site: str | None, *, as_json: bool) -> int:
    """Back to the version before the running one, with the state as it is now."""
    name, run_dir = find_site(site)
    _refuse_at_standby(run_dir, "rollback")
    told = ask(run_dir, {"do": "rollback"})
    if as_json:
        print(json.dumps(told))
        return FINE if told["done"] else FAILED
    return _say(told, f"site {name}", dry_run=False)


def _refuse_at_standby(run_dir: Path, words: str) -> None:
    """What the leader of a pair runs both run, and files are read on its box. Raises ConfigFault where that is another
    one, and says where; a controller that cannot be asked decides by itself."""
    consoles = load_consoles(run_dir)
    if consoles is None:
        return
    try:
        with Client(endpoints(run_dir)) as client:
            told = client.request("pair")
    except PlcFault:
        return
    leader = told["leader"]
    if leader in ("", told["name"]):
        return
    host = f" ({consoles.places[leader].host})" if leader in consoles.places else ""
    raise ConfigFault(
        f"{told['name']} is the standby: {leader} leads, and both run what the leader runs",
        where=told["name"],
        mend=f"on the box of {leader}{host}: voltscan {words}; or have {told['name']} lead first: voltscan pair swap",
    )


def _compare(build: Build, run_dir: Path, folder: Path) -> _Compared:
    note = _running(run_dir)
    old_folder = Path(note.folder)
    prepare(build, folder)
    old, new = Manifest.load(old_folder / runplan.MANIFEST), Manifest.load(folder / runplan.MANIFEST)
    old_plan, new_plan = RunPlan.load(old_folder), RunPlan.load(folder)
    old_initial = (old_folder / runplan.INITIAL).read_bytes()
    new_initial = (folder / runplan.INITIAL).read_bytes()
    migration = plan_change(old, new, old_initial=old_initial, new_initial=new_initial)
    driving, fault_stop, values = _doing(run_dir, old, [change.name for change in migration.retyped[:_VALUES_MAX]])
    unfit = misfits(migration, old, values, new_initial=new_initial)
    told = [f"{len(unfit)} values do not fit now and would start anew: {', '.join(unfit)}"] if unfit else []
    return _Compared(
        hash=version_hash(folder),
        former_hash=note.hash,
        migration=migration,
        reasons=refusals(old, new, old_plan=old_plan, new_plan=new_plan, driving=driving, fault_stop=fault_stop),
        notes=[*notes(migration, old_plan=old_plan, new_plan=new_plan), *told],
        map_changed=_bytes(old_folder / runplan.IO_PLAN) != _bytes(folder / runplan.IO_PLAN)
        or old.bindings != new.bindings,
        scada_changed=_bytes(old_folder / runplan.SCADA_MAP) != _bytes(folder / runplan.SCADA_MAP),
    )


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _running(run_dir: Path) -> VersionNote:
    try:
        return VersionNote.load(run_dir)
    except OSError as fault:
        raise ConfigFault(
            f"the controller does not say which version it runs ({fault.strerror})",
            where=str(run_dir),
            mend="it may just be starting: try again",
        ) from fault


def _doing(run_dir: Path, manifest: Manifest, names: list[str]) -> tuple[bool, bool, dict[str, Value]]:
    """Whether outputs are driven, whether a fault stops them, and these variables' values; the supervisor looks again
    before it acts, and a value may be another one then."""
    try:
        with Client(endpoints(run_dir)) as client:
            status = client.request("status")
            told = client.request("read", names=names)["values"] if names else []
    except WireFault:
        return True, False, {}  # without a gateway nobody can say: take the careful one
    found = {one["name"]: (manifest.tags.find(one["name"]), one["value"]) for one in told}
    values = {
        name: parse(value, replace(leaf, minimum=None, maximum=None, subrange=None))
        for name, (leaf, value) in found.items()
        if leaf
    }
    return bool(status["driving"]), bool(status["fault_stop"]), values


def _say(told: dict[str, Any], where: str, *, dry_run: bool) -> int:
    if told["done"]:
        held_us = told["change_ns"] / 1000
        print(f"{where}: version {told['hash']} runs: {told['plan']}; the loop was held up for {held_us:.1f} us")
        return FINE
    for reason in told["why"]:
        print(f"{where}: refused: {reason}", file=sys.stderr)
    if dry_run and not told["why"]:
        print(f"{where}: nothing changed (--dry-run)")
        return FINE
    return FAILED
