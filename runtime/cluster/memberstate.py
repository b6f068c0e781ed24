"""The state of a member in its folder: made once, by who knows that it has never been, then opened by each start."""

import os

from runtime.cluster.disk.batches import MARK_SIZE
from runtime.cluster.disk.files import Folder
from runtime.cluster.disk.kept import Kept
from runtime.cluster.disk.store import Store, create, open_store
from runtime.cluster.memberplan import MemberPlan
from runtime.core.fault import PlcFault
from runtime.raft.configuration import Configuration
from runtime.raft.log import Snapshot


def found_member(plan: MemberPlan) -> None:
    """Make the state of a member that the group begins with. Raises ConfigFault when there is one."""
    _create(plan, plan.configuration)


def join_member(plan: MemberPlan) -> None:
    """Make the state of a member that the leader is to add. Raises ConfigFault when there is one."""
    _create(plan, Configuration())


def open_member(plan: MemberPlan) -> tuple[Store, Kept]:
    """Its state. Raises as disk.store.open_store does; ConfigFault when another process has it."""
    folder = Folder(plan.state_folder)
    try:
        return open_store(folder, plan.name, mark=_mark)
    except PlcFault:
        folder.close()
        raise


def _create(plan: MemberPlan, configuration: Configuration) -> None:
    folder = Folder(plan.state_folder)
    try:
        create(folder, plan.name, Snapshot(configuration=configuration), mark=_mark)
    finally:
        folder.close()


def _mark() -> bytes:
    return os.urandom(MARK_SIZE)
