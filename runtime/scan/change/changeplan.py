"""Online change, prepared: what the plan of one version of the programs hands to the plan of the next.

Beside the variables (core/migration.py) that is what the scan itself keeps: fault counts, scan number and phase, how
often each task ran, what held outputs hold, forces, and the figures of tasks; all by name.
"""

import ctypes
from typing import Any

from runtime.core.appmemory import (
    APPLIED_INDEX,
    CAUGHT,
    FAULT_ACK,
    FAULT_COUNT,
    NOW_NS,
    ORIGIN_NS,
    SCAN_NO,
    STOP_COUNT,
    WALL_NS,
)
from runtime.core.migration import Copy, Memory, Migration, plan_migration
from runtime.image.forces import ForceTable
from runtime.image.layout import FORCE_ENTRY_SIZE, FRAME_VALUE_SIZE, InputSlot, OutputSlot, text_room
from runtime.image.manifest import Manifest
from runtime.image.pins import PinTable
from runtime.image.taskstatistics import TASK_STATISTICS_SIZE
from runtime.scan.change.loadedversion import LoadedVersion
from runtime.scan.change.statemoves import StateMove, state_move
from runtime.scan.plan import Plan, TaskPlan
from runtime.scan.planning import frame_words_of
from runtime.scan.retain.retaining import EDITED, given_values

_WORD_SIZE = 8
_SCAN_WORDS = (
    *("scan_no", "plc_offset_ns", "mailbox_tail", "stats_reset_seen", "woke_ns", "measured", "phase_ns"),
    *("mirrored", "mirrored_now_ns", "mirrored_received_ns", "memory_term", "active_term", "refused_term"),
)
_MEMORY_WORDS = (NOW_NS, WALL_NS, SCAN_NO, FAULT_COUNT, CAUGHT, APPLIED_INDEX, ORIGIN_NS, STOP_COUNT, FAULT_ACK)


def memory_of(manifest: Manifest) -> Memory:
    """The layout of a version's application memory."""
    return Memory(manifest.tags, manifest.quality_offset, manifest.stamp_offset, manifest.app_hash)


def plan_change(old: Manifest, new: Manifest, *, old_initial: bytes, new_initial: bytes) -> Migration:
    """What becomes of the variables. A parameter that the site file gives another value takes that value."""
    before = given_values(old, old_initial)
    edited = {name: EDITED for name, given in given_values(new, new_initial).items() if before.get(name) != given}
    known = {name: why for name, why in edited.items() if old.tags.find(name) is not None}
    return plan_migration(memory_of(old), memory_of(new), reset=known)


def memory_after(old: Manifest, new: Manifest, *, old_initial: bytes, new_initial: bytes, memory: bytes) -> bytes:
    """What a change-over makes of application memory, worked out without native code."""
    made = bytearray(new_initial)
    plan_change(old, new, old_initial=old_initial, new_initial=new_initial).apply(memory, made)
    for offset in _MEMORY_WORDS:
        made[offset : offset + _WORD_SIZE] = memory[offset : offset + _WORD_SIZE]
    return bytes(made)


class ChangePlan:
    """The moves from one version to another, in the new one's plan. Keep it until the loop has changed over."""

    def __init__(self, old: LoadedVersion, new: LoadedVersion, migration: Migration) -> None:
        self._kept: list[Any] = []
        self._moves: list[StateMove] = []
        old_app, new_app = old.plan.plan.app, new.plan.plan.app
        for move in migration.moves:
            made, table = state_move(move, old_app, new_app)
            self._moves.append(made)
            self._kept.append(table)
        for offset in _MEMORY_WORDS:
            self._copy(old_app + offset, new_app + offset, _WORD_SIZE)
        for name in _SCAN_WORDS:
            at: int = getattr(Plan, name).offset
            self._copy(old.plan.address + at, new.plan.address + at, _WORD_SIZE)
        self._tasks(old, new)
        self._held_outputs(old, new)
        self._forces(old, new)
        rows = (StateMove * len(self._moves))(*self._moves)
        self._kept.append(rows)
        new.plan.plan.moves, new.plan.plan.move_count = ctypes.addressof(rows), len(rows)

    def _copy(self, source: int, target: int, size: int) -> None:
        self._moves.append(state_move(Copy(0, 0, size), source, target)[0])

    def _tasks(self, old: LoadedVersion, new: LoadedVersion) -> None:
        former = {task.name.lower(): (number, task) for number, task in enumerate(old.manifest.tasks)}
        for number, task in enumerate(new.manifest.tasks):
            was_number, was = former.get(task.name.lower(), (0, None))
            if was is None:
                continue
            fields = ("calls", "late", "turn") if was.interval_ns == task.interval_ns else ("calls",)
            for name in fields:
                place = getattr(TaskPlan, name)
                source, target = _row(old, was_number) + place.offset, _row(new, number) + place.offset
                self._copy(source, target, place.size)
            self._copy(_figures(old, was_number), _figures(new, number), TASK_STATISTICS_SIZE)

    def _held_outputs(self, old: LoadedVersion, new: LoadedVersion) -> None:
        """A held output that does not drive at the change-over goes on holding what was driven last."""
        former = {slot.tag.name.lower(): slot for slot in old.image.layout.outputs}
        for slot in new.image.layout.outputs:
            was = former.get(slot.tag.name.lower())
            if was is None or slot.fail_safe is not None or was.tag.type != slot.tag.type:
                continue
            self._copy(_safe_value(old, was), _safe_value(new, slot), FRAME_VALUE_SIZE * len(frame_words_of(slot)))

    def _forces(self, old: LoadedVersion, new: LoadedVersion) -> None:
        was_layout, is_layout = old.image.layout, new.image.layout
        points: list[InputSlot | OutputSlot] = [*was_layout.inputs, *was_layout.outputs]
        former = {slot.tag.name.lower(): slot for slot in points}
        points = [*is_layout.inputs, *is_layout.outputs]
        for slot in points:
            was = former.get(slot.tag.name.lower())
            if was is None or was.tag.type != slot.tag.type or slot.tag.veto:
                continue
            source = old.image.address + was_layout.forces_offset + was.force * FORCE_ENTRY_SIZE
            target = new.image.address + is_layout.forces_offset + slot.force * FORCE_ENTRY_SIZE
            self._copy(source, target, FORCE_ENTRY_SIZE)
            if slot.is_text:
                rooms = 2 * text_room(slot.tag.type)
                self._copy(_force_texts(old, was), _force_texts(new, slot), rooms)


def carry_pins(old: LoadedVersion, new: LoadedVersion) -> None:
    """Variables that are held now are held in the new version too, where they are still of the same type and the
    program does not veto it. Written at once: call it when no more are set or taken back, before the change-over."""
    tags = new.manifest.tags
    table = ForceTable(new.image, tags)
    for name, value in PinTable(old.image, old.manifest.tags).list().items():
        was, variable = old.manifest.tags.find(name), tags.find(name)
        if was is not None and variable is not None and variable.type == was.type and not variable.veto:
            table.set(name, value)


def _row(version: LoadedVersion, number: int) -> int:
    address: int = version.plan.plan.tasks
    return address + number * ctypes.sizeof(TaskPlan)


def _figures(version: LoadedVersion, number: int) -> int:
    return version.image.address + version.image.layout.task_statistics_offset + number * TASK_STATISTICS_SIZE


def _safe_value(version: LoadedVersion, slot: OutputSlot) -> int:
    address: int = version.plan.plan.safe
    return address + frame_words_of(slot).start * FRAME_VALUE_SIZE


def _force_texts(version: LoadedVersion, slot: InputSlot | OutputSlot) -> int:
    return version.image.address + version.image.layout.force_texts_offset + 2 * slot.force_text_place
