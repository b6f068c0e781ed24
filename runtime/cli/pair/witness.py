"""`voltscan witness`: the third vote of a hot-standby pair, in a small process of its own."""

import os
import sys
from pathlib import Path

from runtime.cli.language.check import print_diagnostics
from runtime.cli.pair import witnessprocess
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.memberstate import found_member, join_member
from runtime.cluster.witnessfile import load_witness
from runtime.core.fault import ConfigFault


def run_witness(path: Path, *, found: bool, join: bool) -> int:
    """Make its state, or become the witness; 1 when its files have mistakes."""
    if found and join:
        raise ConfigFault("a member either founds its group or joins it", mend="give one of --found and --join")
    plan, diagnostics = load_witness(path)
    print_diagnostics(diagnostics, as_json=False)
    if plan is None:
        return 1
    if not (found or join):
        _become(plan)
    (found_member if found else join_member)(plan)
    how = "its group begins with it" if found else "it waits for the leader to add it"
    print(f"member {plan.name} has a state now in {plan.state_folder}: {how}")
    return 0


def _become(plan: MemberPlan) -> None:
    """Go on in the same process without all that has read and checked the files: half of its memory."""
    out, into = os.pipe()
    os.write(into, plan.to_json().encode())  # far less than a pipe holds
    os.close(into)
    os.set_inheritable(out, True)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", witnessprocess.__name__, str(out)])  # noqa: S606
