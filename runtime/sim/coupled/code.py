"""Native code: controller and plant of a site scanned in turn, between two scans whatever is due on the wires.

One call runs any number of scans; Python is met only between calls. After each pair of scans the gauges are read,
the checks judged, and every so many a sample is taken.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path

import runtime.image.layout
from runtime.core.objectcache import ObjectCache
from runtime.image.emit import F64, I1, I8, I16, I32, I64, PTR, VOID, Code, Real, Routine, Word
from runtime.image.nativecode import NativeCode, cached_object_code
from runtime.image.view import View
from runtime.sim.coupled.plan import Caption, Check, Coupling, Form, Gauge, Mode, Passage, Transfer, TransferKind
from runtime.sim.coupled.transferqueue import waiting, write_queue
from runtime.sim.coupled.wirecode import real, real_of_unsigned, write_passages

_HERE = Path(__file__).parent
_IMAGE = Path(runtime.image.layout.__file__).parent
_SOURCES = (
    *(_HERE / f"{name}.py" for name in ("code", "plan", "textcode", "transferqueue", "wirecode")),
    *(_IMAGE / f"{name}.py" for name in ("emit", "view", "words")),
)
_MIX = (0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB)
"""Splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014, figure 15)."""
_NEVER_NS = -(1 << 62)
_NAN_BITS = 0x7FF8_0000_0000_0000
_ABSURD_REAL = 1e9
"""A million megawatts: beyond all that a site has, and a number like any other to who does not ask."""
_BYTE_WIDTHS = {1: I8, 2: I16, 4: I32, 8: I64}


class CouplingKernel:
    """The native code, bound. Its calls take addresses of the tables of plan.py and run without the GIL."""

    def __init__(self, cache: ObjectCache | None = None) -> None:
        self._native = NativeCode(cached_object_code(cache, _SOURCES, _write))
        pointer, i64 = ctypes.c_void_p, ctypes.c_int64
        bind = self._native.long_function
        self.run: Callable[[int, int], None] = bind("vs_couple", None, pointer, i64)
        """(coupling, count): so many scans of both sides."""
        self.fetch: Callable[[int], None] = bind("vs_fetch", None, pointer)
        """(passage): the source's value onto the wire."""
        self.deliver: Callable[[int, int], None] = bind("vs_deliver", None, pointer, i64)
        """(passage, now_ns): what is on the wire into the page."""


def _write() -> str:
    code = Code("voltscan.coupling")
    write_passages(code)
    with code.routine("vs_fetch", exported=True, passage=PTR) as r:
        r.call(code["fetch"], r["passage"])
    with code.routine("vs_deliver", exported=True, passage=PTR, now=I64) as r:
        r.call(code["deliver"], r["passage"], r["now"])
    _write_readings(code)
    _write_writes(code)
    _write_run_transfer(code)
    write_queue(code)
    _write_look(code)
    _write_couple(code)
    return code.text()


def _each_passage(transfer: View) -> tuple[Word, "Callable[[Word], Word]"]:
    size = ctypes.sizeof(Passage)
    passages = transfer["passages"]
    return transfer["passage_count"], lambda i: passages.at(i * size)


def _write_readings(code: Code) -> None:
    """`readings(transfer, mode, coupling, now)`: towards the controller."""
    with code.routine("garble", coupling=PTR, passage=PTR) as r:
        coupling, passage = View(r, Coupling, r["coupling"]), View(r, Passage, r["passage"])
        state = coupling["random"] + _MIX[0]
        coupling["random"] = state
        mixed = (state ^ state.shifted_right(30)) * _MIX[1]
        mixed = (mixed ^ mixed.shifted_right(27)) * _MIX[2]
        mixed = mixed ^ mixed.shifted_right(31)
        single = mixed.narrowed(I32).as_real()
        passage["raw_real"] = passage["single"].differs(0).choose(single, mixed.as_real()).as_real()
        with r.each(passage["text_chars"]) as i:
            passage["text"].at(i).store(mixed.shifted_right((i & 7) * 8).narrowed(I8))
        shift = passage["raw_shift"].widened(I64)
        left = mixed.shifted_left(shift)
        signed = passage["raw_signed"].differs(0)
        passage["raw"] = signed.choose(left.shifted_right_signed(shift), left.shifted_right(shift))
    _write_wrong_numbers(code)
    with code.routine("readings", transfer=PTR, mode=I32, coupling=PTR, now=I64) as r:
        transfer = View(r, Transfer, r["transfer"])
        count, at = _each_passage(transfer)
        with r.when(r["mode"].equals(Mode.SILENT)):
            lost = r["now"] - transfer["answered_ns"] >= transfer["lost_after_ns"]
            with r.when(lost), r.each(count) as i:
                r.call(code["spoil"], at(i))
            r.give()
        transfer["answered_ns"] = r["now"]
        with r.when(r["mode"].equals(Mode.ALIVE)):
            with r.each(count) as i:
                r.call(code["carry"], at(i), r["now"])
            r.give()
        with r.each(count) as i:
            View(r, Passage, at(i))["at_rest"] = r.word(0, I32)
            with r.when(r["mode"].equals(Mode.GARBAGE)):
                r.call(code["garble"], r["coupling"], at(i))
            with r.when(r["mode"].equals(Mode.NAN)):
                r.call(code["blank"], at(i))
            with r.when(r["mode"].equals(Mode.ABSURD)):
                r.call(code["inflate"], at(i))
            r.call(code["deliver"], at(i), r["now"])


def _write_wrong_numbers(code: Code) -> None:
    """`blank(passage)`: no number; `inflate(passage)`: one that no device can mean."""
    with code.routine("blank", passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        passage["raw_real"] = r.word(_NAN_BITS).as_real()
        absent = passage["absent"].differs(0)
        passage["raw"] = absent.choose(passage["absent_raw"], passage["raw"])
    with code.routine("inflate", passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        passage["raw_real"] = real(r, _ABSURD_REAL)
        unused = passage["raw_shift"].widened(I64) + passage["raw_signed"].widened(I64)
        passage["raw"] = r.word(-1).shifted_right(unused)


def _write_writes(code: Code) -> None:
    """`is_due(passage, now)`, `writes(transfer, mode, now)` and `sent(transfer, mode, now)`: towards the device."""
    with code.routine("is_due", I1, passage=PTR, now=I64) as r:
        passage = View(r, Passage, r["passage"])
        since = r["now"] - passage["written_at_ns"]
        rested = since >= passage["min_interval_ns"]
        refresh = passage["refresh_ns"].differs(0) & (since >= passage["refresh_ns"])
        with r.when(passage["text_chars"].differs(0)):
            r.call(code["fetch_text"], r["passage"])
            changed = r.call(code["text_changed"], r["passage"])
            due = passage["known"].equals(0) | (rested & (refresh | changed))
            with r.when(due):
                r.copy(passage["text_written"], passage["text"], passage["text_chars"])
            r.give(due)
        real_source = passage["form"] >= int(Form.REAL)
        value = r.local(I64, r.word(0))
        with r.either(real_source) as (as_real, as_integer):
            with as_real:
                value.set(r.call(code["take_real"], r["passage"]).as_real().bits())
            with as_integer:
                value.set(r.call(code["take_integer"], r["passage"]))
        now, before = value.get(), passage["written"]
        passage["written"] = now
        with r.when(passage["known"].equals(0)):
            r.give(r.word(1, I1))
        wide = passage["form"].equals(Form.WIDE)
        of_wide = real_of_unsigned(r, now) - real_of_unsigned(r, before)
        of_integer = wide.choose(of_wide, now.to_real() - before.to_real())
        change = real_source.choose(now.as_real() - before.as_real(), of_integer).as_real()
        size = (change < real(r, 0.0)).choose(real(r, 0.0) - change, change).as_real()
        dead_band = passage.real("dead_band")
        changed = (dead_band > real(r, 0.0)).choose(size > dead_band, size > real(r, 0.0))
        due = rested & (refresh | changed)
        with r.when(due.equals(0)):
            passage["written"] = before
        r.give(due)
    with code.routine("writes", transfer=PTR, mode=I32, now=I64) as r:
        transfer = View(r, Transfer, r["transfer"])
        count, at = _each_passage(transfer)
        with r.each(count) as i:
            passage = View(r, Passage, at(i))
            with r.either(r["mode"].equals(Mode.ALIVE)) as (alive, away):
                with alive, r.when(r.call(code["is_due"], at(i), r["now"])):
                    passage["known"], passage["written_at_ns"] = r.word(1), r["now"]
                    r.call(code["fetch"], at(i))
                    r.call(code["deliver"], at(i), r["now"])
                with away:  # what it holds is not known: everything again when it is back
                    passage["known"], passage["written_at_ns"] = r.word(0), r.word(_NEVER_NS)
    with code.routine("sent", transfer=PTR, mode=I32, now=I64) as r:
        with r.when(r["mode"].differs(Mode.ALIVE)):
            r.give()
        count, at = _each_passage(View(r, Transfer, r["transfer"]))
        with r.each(count) as i:
            r.call(code["carry"], at(i), r["now"])


def _write_run_transfer(code: Code) -> None:
    """`run_transfer(coupling, transfer)`: what is due crosses."""
    with code.routine("run_transfer", coupling=PTR, transfer=PTR) as r:
        transfer = View(r, Transfer, r["transfer"])
        now = transfer["next_ns"]
        mode = View(r, Coupling, r["coupling"])["modes"].at(transfer["device"].widened(I64) * 4).load(I32)
        with r.when(transfer["kind"].equals(TransferKind.READINGS)):
            r.call(code["readings"], r["transfer"], mode, r["coupling"], now)
        with r.when(transfer["kind"].equals(TransferKind.WRITES)):
            r.call(code["writes"], r["transfer"], mode, now)
        with r.when(transfer["kind"].equals(TransferKind.SENT)):
            r.call(code["sent"], r["transfer"], mode, now)
        transfer["page_mark"].store(r.word(-1))
        transfer["next_ns"] = now + transfer["period_ns"]


def _write_look(code: Code) -> None:
    """`look(gauge) -> real` at any variable, `observe(coupling)` at all of them, `judge(coupling)` the checks."""
    with code.routine("look", F64, gauge=PTR) as r:
        gauge = View(r, Gauge, r["gauge"])
        source, form = gauge["source"], gauge["form"]
        with r.when(form.equals(Form.REAL)):
            r.give(source.load(I32).as_real())
        with r.when(form.equals(Form.LREAL)):
            r.give(source.load(I64).as_real())
        with r.when(form.equals(Form.WIDE)):
            r.give(real_of_unsigned(r, source.load(I64)))
        for size, width in _BYTE_WIDTHS.items():
            with r.when(gauge["size"].equals(size)):
                value = source.load(width).widened(I64).shifted_left(64 - 8 * size)
                signed = form.equals(Form.SIGNED)
                whole = signed.choose(value.shifted_right_signed(64 - 8 * size), value.shifted_right(64 - 8 * size))
                r.give(whole.to_real())
        r.give(real(r, 0.0))
    with code.routine("observe", coupling=PTR, row=PTR) as r:
        coupling = View(r, Coupling, r["coupling"])
        with r.each(coupling["gauge_count"]) as i:
            gauge = coupling.element("gauges", Gauge, i)
            value = r.call(code["look"], gauge.pointer).as_real()
            low, high = gauge.real("minimum"), gauge.real("maximum")
            gauge["minimum"] = (value < low).choose(value, low)
            gauge["maximum"] = (value > high).choose(value, high)
            gauge["sum"] = gauge.real("sum") + value
            with r.when(value > real(r, 0.0)):
                gauge["sum_positive"] = gauge.real("sum_positive") + value
            gauge["count"] = gauge["count"] + 1
            with r.when(r["row"].differs(r.null())):
                r["row"].at(8).at(i * 8).store(value)
    with code.routine("judge", coupling=PTR) as r:
        coupling = View(r, Coupling, r["coupling"])
        now = coupling["now_ns"]
        with r.each(coupling["check_count"]) as i:
            check = coupling.element("checks", Check, i)
            with r.when((now >= check["from_ns"]) & (now <= check["until_ns"])):
                _judge(code, r, check, now)


def _judge(code: Code, r: Routine, check: View, now: Word) -> None:
    value: Real = r.call(code["look"], check.pointer).as_real()
    inside = (value >= check.real("low")) & (value <= check.real("high"))
    holds = inside.widened(I64).equals(check["inside"])
    with r.when(holds & check["held_ns"].equals(0)):
        check["held_ns"] = now
    with r.when(holds.equals(0) & check["failed_ns"].equals(0)):
        check["failed_ns"] = now
        check["failed_value"] = value


def _write_couple(code: Code) -> None:
    with code.routine("vs_couple", exported=True, coupling=PTR, count=I64) as r:
        coupling = View(r, Coupling, r["coupling"])
        with r.each(r["count"]):
            due = coupling["now_ns"] + coupling["cycle_ns"]
            with r.loop() as loop:
                transfer = coupling.element("transfers", Transfer, waiting(coupling, r.word(0)))
                loop.leave_when(transfer["next_ns"] >= due)
                r.call(code["run_transfer"], r["coupling"], transfer.pointer)
                r.call(code["requeue"], r["coupling"])
            wall = coupling["wall_ns"] + coupling["cycle_ns"]
            coupling["now_ns"], coupling["wall_ns"] = due, wall
            for side in ("plant", "controller"):
                r.call_through(coupling["scan_step"], VOID, coupling[side], due, wall)
            row = _next_row(r, coupling)
            r.call(code["observe"], r["coupling"], row)
            with r.when(row.differs(r.null())):
                _keep_captions(r, coupling)
            r.call(code["judge"], r["coupling"])


def _keep_captions(r: Routine, coupling: View) -> None:
    with r.each(coupling["caption_count"]) as i:
        caption = coupling.element("captions", Caption, i)
        r.copy(coupling["caption_samples"], caption["source"], caption["size"])
        coupling["caption_samples"] = coupling["caption_samples"].at(caption["size"])


def _next_row(r: Routine, coupling: View) -> Word:
    """Where the gauges of this scan are to be kept, with the time in front; null when no sample is due."""
    row = r.local(PTR, r.null())
    left = coupling["sample_in"] - 1
    coupling["sample_in"] = left
    with r.when(left.equals(0)):
        coupling["sample_in"] = coupling["sample_every"]
        with r.when(coupling["sample_room"] > 0):
            row.set(coupling["samples"])
            seconds = (coupling["now_ns"] - coupling["start_ns"]).to_real() / real(r, 1e9)
            row.get().store(seconds)
            coupling["samples"] = row.get().at((coupling["gauge_count"] + 1) * 8)
            coupling["sample_room"] = coupling["sample_room"] - 1
    return row.get()
