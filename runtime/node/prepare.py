"""A prepared site: everything that its processes need, as files in one folder. They start without the compiler."""

import json
from pathlib import Path

from runtime.config import Site
from runtime.core.duration import duration_ns
from runtime.core.objectcache import ObjectCache
from runtime.drivers.fieldwatch import driven_devices
from runtime.image.outline import save_outline
from runtime.lang.cache.objectcode import object_code_for
from runtime.lang.syntax.source import load_sources
from runtime.node import runplan
from runtime.node.build import Build
from runtime.node.change.package import content_hash, pack, version_number
from runtime.node.runplan import PairPlan, RunPlan
from runtime.node.statedir import cache_dir, default_state_dir
from runtime.scan.retain.retaining import retained_variables


def prepare(build: Build, folder: Path) -> None:
    """Write the files of a checked site into `folder`, and those of its simulated plant into its folder `plant`."""
    table, cache = build.site.table, cache_dir()
    manifest = build.manifest()
    manifest.save(folder / runplan.MANIFEST)
    (folder / runplan.INITIAL).write_bytes(build.application.initial)
    (folder / runplan.OBJECT).write_bytes(object_code_for(build.application, ObjectCache(cache / "programs")))
    sources = load_sources([Path(build.site.shown(p)) for p in table.programs])
    (folder / runplan.SOURCES).write_text(json.dumps({source.name: source.text for source in sources}))
    (folder / runplan.IO_PLAN).unlink(missing_ok=True)
    if build.io_plan is not None:
        build.io_plan.save(folder / runplan.IO_PLAN)
    if build.scada_map is not None:  # a copy: a gateway that comes back must find the map that was checked
        (folder / runplan.SCADA_MAP).write_bytes(build.scada_map.read_bytes())
    plan = run_plan(
        build.site,
        has_devices=build.io_plan is not None,
        has_plant=build.plant is not None,
        retains=bool(retained_variables(manifest)),
        pair=_pair_plan(build, folder),
    )
    plan.save(folder)
    if plan.pair is not None:
        save_outline(manifest.layout(), folder / runplan.OUTLINE)
    (folder / runplan.PACKAGE).write_bytes(pack(folder, plan))
    if build.plant is not None:
        plant_folder = folder / runplan.PLANT
        plant_folder.mkdir(mode=0o700, exist_ok=True)
        prepare(build.plant, plant_folder)


def run_plan(site: Site, *, has_devices: bool, has_plant: bool, retains: bool, pair: PairPlan | None) -> RunPlan:
    """The run plan of a site; what is told beside it comes from its programs and maps."""
    table = site.table
    return RunPlan(
        site=table.name,
        has_devices=has_devices,
        has_plant=has_plant,
        state_dir=str(site.path(table.state_dir) if table.state_dir else default_state_dir(table.name)),
        cache_dir=str(cache_dir()),
        realtime_priority=table.realtime.priority,
        realtime_cpu=table.realtime.cpu,
        stuck_after_ns=duration_ns(table.watchdog.stuck_after) if table.watchdog.stuck_after else 0,
        watchdog_device=table.watchdog.device or "",
        watchdog_timeout_s=table.watchdog.timeout_s,
        scada_map=bool(table.scada_map),
        scada_host=table.scada.host,
        scada_port=table.scada.port,
        view=tuple(table.hmi.view),
        retain_every_ns=site.retain_every_ns if retains else 0,
        record_keep_ns=duration_ns(table.recorder.keep),
        record_size_mb=table.recorder.size_mb,
        record_after_ns=duration_ns(table.recorder.after),
        record_triggers=tuple(table.recorder.triggers),
        pair=pair,
        host_restart=table.host.restart,
        host_reboot=table.host.reboot,
        reboot_command=tuple(table.host.reboot_command),
    )


def _pair_plan(build: Build, folder: Path) -> PairPlan | None:
    pair = build.site.table.pair
    if pair is None or build.pair is None:
        return None
    return PairPlan(
        member=build.pair.to_json(),
        version=version_number(content_hash(folder)),
        wait_ns=build.site.wait_for_standby_ns,
        shrink_on_witness_loss=pair.on_witness_loss == "shrink",
        links=tuple(driven_devices(build.io_plan)) if build.io_plan is not None else (),
    )
