"""The state at a fault: application memory in the statement that did it, for whoever asks what was wrong.

Compiled programs call `vs_capture` right after they have recorded a fault (lang/native.py, FAULT_HOOK); faults that no
statement does (an output that is not finite, an overrun) and programs that nobody has hooked are captured afterwards.
Only the first fault since the last acknowledgement is captured: what follows from it must not take its place. It costs
one copy then, and one compare in a turn without a fault.
"""

from runtime.core.faultlocals import ENTRY_SIZE, TEXT_SIZE
from runtime.image.control import Control
from runtime.image.emit import I64, PTR, Code, Routine, Word
from runtime.image.view import View
from runtime.scan.plan import Plan


def write_capture(code: Code) -> None:
    """Write `capture(plan)`, called when the fault count has grown, and `vs_capture`, which programs call."""
    with code.routine("capture_with", plan=PTR, locals=PTR) as r:
        plan = View(r, Plan, r["plan"])
        channel = plan.inner("fault_capture")
        acknowledged = View(r, Control, plan["control"]).atomic("fault_ack", "acquire")
        is_first = plan["captured"].equals(0) | plan["captured_ack"].differs(acknowledged)
        with r.when(is_first & channel["slots"].differs(0)):
            plan["captured"] = r.word(1)
            plan["captured_ack"] = acknowledged
            staging = plan["capture_staging"]
            r.copy(staging, plan["app"], plan["app_size"])
            _write_locals(r, staging.at(plan["app_size"]), r["locals"])
            shape = (channel["slots"], channel["stride"], channel["size"])
            r.call(code["vs_publish"], channel["address"], *shape, staging)
    with code.routine("capture", plan=PTR) as r:
        r.call(code["capture_with"], r["plan"], r.null())
    with code.routine("vs_capture", exported=True, plan=PTR) as r:
        r.call(code["capture_with"], r["plan"], View(r, Plan, r["plan"])["fault_locals"])


def _write_locals(r: Routine, target: Word, told: Word) -> None:
    """The temporary variables as core/faultlocals.py has them."""
    target.store(r.word(0))
    with r.when(told.differs(r.null())):
        count = told.load(I64)
        target.store(count)
        with r.each(count) as i:
            pair, entry = told.at(8).at(i * 16), target.at(8).at(i * ENTRY_SIZE)
            r.copy(entry, pair.load(PTR), r.word(TEXT_SIZE))
            entry.at(TEXT_SIZE).store(pair.at(8).load(I64))
