"""The native scan: one module of machine code for every controller, driven by a plan (scan/plan.py).

No Python object, lock, socket or allocation inside; nothing in it can fail. The phases are written in latch, mailbox,
tasks, outputs and account; loop puts them in order, or for a standby does what mirror says.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path

import runtime.core.appmemory
import runtime.core.faultlocals
import runtime.core.quality
import runtime.image.control
import runtime.image.layout
from runtime.core.objectcache import ObjectCache
from runtime.image.nativecode import NativeCode, cached_object_code

_HERE = Path(__file__).parent
_IMAGE = Path(runtime.image.layout.__file__).parent
_SOURCES = (
    *sorted((_HERE / "phases").glob("*.py")),
    *(_HERE / "change" / f"{name}.py" for name in ("changeover", "statemoves")),
    *(_HERE / f"{name}.py" for name in ("kernel", "loop", "plan")),
    *(_IMAGE / f"{name}.py" for name in ("channelcode", "control", "emit", "layout", "mailbox", "taskstatistics")),
    *(_IMAGE / f"{name}.py" for name in ("recordring", "view", "words")),
    Path(runtime.core.appmemory.__file__),
    Path(runtime.core.faultlocals.__file__),
    Path(runtime.core.quality.__file__),
)


class Kernel:
    """The scan kernel, bound. All calls take the address of a plan and run without the GIL."""

    def __init__(self, cache: ObjectCache | None = None) -> None:
        self._native = NativeCode(cached_object_code(cache, _SOURCES, _write, of_this_processor=True))
        plan, i64 = ctypes.c_void_p, ctypes.c_int64
        bind = self._native.long_function
        self.loop: Callable[[int], None] = bind("vs_scan_loop", None, plan)
        """(plan): real time, until the control segment or the plan asks to end."""
        self.step: Callable[[int, int, int], None] = bind("vs_scan_step", None, plan, i64, i64)
        """(plan, now_ns, wall_ns): one scan on virtual time."""
        self.steps: Callable[[int, int, int, int], None] = bind("vs_scan_steps", None, plan, i64, i64, i64)
        """(plan, now_ns of the first, wall_ns of the first, count): scans one base cycle apart."""
        self.touch_stack: Callable[[], None] = bind("vs_touch_stack", None)
        """Meet the stack that programs may need, so that no scan is the first to."""
        self.change_over: Callable[[int, int], None] = bind("vs_change_over", None, plan, plan)
        """(plan, next): on virtual time, what the loop does between two scans when it is asked to change over."""
        self.capture_address: int = self._native.address("vs_capture")
        """(plan): what programs call at a fault, in the thread that runs them."""
        self.accounts: Callable[[int, int], None] = bind("vs_accounts", None, plan, i64)
        """(plan, count): the phase account alone, for the bench."""
        self.bare_loop: Callable[[int], None] = bind("vs_bare_loop", None, ctypes.c_void_p)
        """(bare plan): the bare loop, until its wake-ups are used up."""


def _write() -> str:
    # Only a miss of the cache needs the writers, and llvmlite's builder under them.
    from runtime.image.channelcode import write_channel
    from runtime.image.emit import Code
    from runtime.scan import loop
    from runtime.scan.change import changeover, statemoves
    from runtime.scan.phases import (
        account,
        capture,
        latch,
        mailbox,
        mirror,
        outputs,
        pins,
        record,
        resting,
        snapshot,
        stream,
        tasks,
        texts,
        values,
    )

    code = Code("voltscan.kernel")
    write_channel(code, exported=False)
    loop.write_clock(code)
    values.write_values(code)
    texts.write_texts(code)
    resting.write_meets_resting(code)
    pins.write_pins(code)
    latch.write_latch(code)
    mailbox.write_commands(code)
    capture.write_capture(code)
    account.write_record(code)
    account.write_end_of_phase(code)
    tasks.write_run(code)
    outputs.write_outputs(code)
    stream.write_stream(code)
    snapshot.write_snapshot(code)
    account.write_account(code)
    record.write_recording(code)
    mirror.write_mirror(code)
    statemoves.write_state_moves(code)
    changeover.write_change_over(code)
    loop.write_scan(code)
    loop.write_entries(code)
    return code.text()
