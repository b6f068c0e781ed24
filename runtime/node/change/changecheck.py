"""May the programs be changed while they run? Every reason against it, in words."""

from collections.abc import Mapping

from runtime.core.elementary import Value
from runtime.core.migration import Migration
from runtime.image.manifest import Manifest
from runtime.node.runplan import RunPlan


def refusals(
    old: Manifest, new: Manifest, *, old_plan: RunPlan, new_plan: RunPlan, driving: bool, fault_stop: bool
) -> list[str]:
    """Why the change cannot be made now; empty when it can. `driving` and `fault_stop` as in the control segment."""
    reasons: list[str] = []
    if (old_plan.pair is None) != (new_plan.pair is None):
        reasons.append(f"the site {'joins' if new_plan.pair else 'leaves'} a pair: that needs a new start")
    if new.site != old.site:
        reasons.append(f"this is site {new.site}, and {old.site} runs")
    if new.cycle_ns != old.cycle_ns:
        reasons.append(
            f"the base cycle is {new.cycle_ns / 1e6:g} ms instead of {old.cycle_ns / 1e6:g} ms: that needs a new start"
        )
    if new_plan.has_devices != old_plan.has_devices:
        what = "gets its first devices" if new_plan.has_devices else "loses all of its devices"
        reasons.append(f"the site {what}: that needs a new start")
    if new_plan.state_dir != old_plan.state_dir:
        reasons.append("the state directory is another one: that needs a new start")
    if fault_stop:
        reasons.append("a program fault stops the outputs: look at it and acknowledge it first (voltscan faults)")
    if driving:
        reasons += _lost_outputs(old, new)
    return reasons


def _lost_outputs(old: Manifest, new: Manifest) -> list[str]:
    """Outputs that would keep their last value with nobody to drive them, or be driven by another tag's value."""
    now = {(output.device, output.tag.lower()) for output in new.bindings.outputs}
    lost = [o for o in old.bindings.outputs if (o.device, o.tag.lower()) not in now]
    return [
        f"output {o.tag} of {o.device} is driven and would be left with its last value: stop the controller for this"
        for o in lost
    ]


def misfits(migration: Migration, old: Manifest, values: Mapping[str, Value], *, new_initial: bytes) -> list[str]:
    """Which of the retyped variables would start anew, going by these values of them, and what they hold."""
    memory = bytearray(old.app_size)
    for name, value in values.items():
        leaf = old.tags.find(name)
        if leaf is not None:
            leaf.type.pack_into(memory, leaf.offset, value)
    shown = {name.lower(): value for name, value in values.items()}
    unfit = migration.apply(memory, bytearray(new_initial))
    return [f"{name} ({shown[name.lower()]})" for name in unfit if name.lower() in shown]


def has_other_part(old_plan: RunPlan, new_plan: RunPlan) -> bool:
    """Whether a controller's part in its pair is another one: a member has been replaced, has another key or place."""
    old, new = old_plan.pair, new_plan.pair
    return old is not None and new is not None and old.member != new.member


def notes(migration: Migration, *, old_plan: RunPlan, new_plan: RunPlan) -> list[str]:
    """What does not change with an online change, and what people should know before it."""
    told: list[str] = []
    was = (old_plan.realtime_priority, old_plan.realtime_cpu)
    if (new_plan.realtime_priority, new_plan.realtime_cpu) != was:
        told.append("the [realtime] settings take effect at the next start")
    if has_other_part(old_plan, new_plan):
        told.append(
            "the group file says something else: redundancy starts anew, and the outputs hold for a second or two"
        )
    if new_plan.has_plant or old_plan.has_plant:
        told.append("the simulated plant goes on as it is")
    references = [change.name for change in migration.initialised if "reference" in change.why]
    if references:
        told.append(f"{len(references)} references start anew: a program that sets them only once will find them unset")
    return told
