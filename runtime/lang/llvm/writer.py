"""Writes the text of one LLVM function: temporaries, blocks, and what every body needs of the header.

Text and not LLVM's builder objects: a module of a large site is written in a tenth of the time, and tests and people
can read it. No instruction carries nsw, nuw, exact or a fast-math flag, so nothing is undefined for any input.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runtime.core import appmemory
from runtime.lang import ir
from runtime.lang.llvm.faultlocals import constant_of, named_in
from runtime.lang.llvm.rounds import SteppedSite
from runtime.lang.testing.advance import ADVANCE_SYMBOL

TAG_CLOCK = "!tbaa !1"
"""Alias tag: header fields that only the runner writes."""
TAG_ACCOUNT = "!tbaa !2"
"""Alias tag: header fields that compiled code writes (budget, CUT, faults)."""
TAG_VARIABLE = "!tbaa !3"
"""Alias tag: globals, instances and frames."""
LIKELY = "!prof !4"
"""Branch weights: the first target is the usual one."""

METADATA = """\
!0 = !{!"application memory"}
!1 = !{!5, !5, i64 0}
!2 = !{!6, !6, i64 0}
!3 = !{!7, !7, i64 0}
!4 = !{!"branch_weights", i32 1048575, i32 1}
!5 = !{!"clock", !0, i64 0}
!6 = !{!"account", !0, i64 0}
!7 = !{!"variable", !0, i64 0}
"""


@dataclass(frozen=True, slots=True)
class LoopLabels:
    """Where Continue and Exit of the innermost loop jump."""

    following: str
    done: str


class BodyWriter:
    """Collects the lines of one function; `exit` is the label that Return and a cut jump to.

    `emit_block` writes the statements that stand inside an expression. `instance` is the register that points at the
    instance that runs, for the record of a fault.
    """

    exit = "exit"

    def __init__(
        self,
        bodies: Mapping[str, ir.Body],
        emit_block: "EmitBlock",
        *,
        instance: str = "%app",
        frame: Mapping[int, ir.Local] | None = None,
    ) -> None:
        """`frame`: the temporary variables that may be told at a fault, by offset."""
        self.bodies = bodies
        self.emit_block = emit_block
        self._instance = instance
        self._frame = frame or {}
        self.statement: ir.Statement | None = None
        """The statement being emitted."""
        self.local_names: dict[str, str] = {}
        self.fault_lines = 0
        """Lines that only a fault runs."""
        self.lines: list[str] = []
        self.block = "entry"
        self.open = True
        self.loops: list[LoopLabels] = []
        self.round = ""
        """Register that counts the rounds of the group being emitted (rounds.py); empty outside of one."""
        self.calls: Counter[str] = Counter()
        self.libm: dict[str, str] = {}
        self.advances = False
        self.rooms: list[str] = []
        """Instructions at the function's start that make room for strings."""
        self.room_bytes = 0
        self._next = 0

    def temp(self, instruction: str) -> str:
        """Add an instruction with a result; give the result's name."""
        self._next += 1
        name = f"%t{self._next}"
        self.lines.append(f"  {name} = {instruction}")
        return name

    def room(self, size: int, alignment: int) -> str:
        """The address of bytes that live as long as the call."""
        self._next += 1
        name = f"%room{self._next}"
        self.rooms.append(f"  {name} = alloca [{size} x i8], align {alignment}")
        self.room_bytes += size
        return name

    def line(self, instruction: str) -> None:
        """Add an instruction without result."""
        self.lines.append(f"  {instruction}")

    def label(self, stem: str) -> str:
        """A label not used before."""
        self._next += 1
        return f"{stem}{self._next}"

    def start(self, label: str) -> None:
        """Begin a block; the one before must have been ended."""
        assert not self.open, "a block begins inside another"
        self.lines.append(f"{label}:")
        self.block, self.open = label, True

    def branch(self, label: str) -> None:
        """End the block with a jump, unless something ended it before (Exit, Continue, Return)."""
        if self.open:
            self.line(f"br label %{label}")
            self.open = False

    def branch_if(self, condition: str, then: str, otherwise: str, weights: str = "") -> None:
        """End the block with a conditional jump."""
        self.line(f"br i1 {condition}, label %{then}, label %{otherwise}" + (f", {weights}" if weights else ""))
        self.open = False

    def phi(self, type_: str, *incoming: tuple[str, str]) -> str:
        """The value that came from the block we came from; `incoming` pairs value and block."""
        return self.temp(f"phi {type_} " + ", ".join(f"[{value}, %{block}]" for value, block in incoming))

    def header_field(self, offset: int) -> str:
        """The address of a header field."""
        return self.temp(f"getelementptr inbounds i8, ptr %app, i64 {offset}")

    def fault_unless(self, condition: str, site: int, otherwise: str | None = None) -> None:
        """Go on when the condition holds; else record a fault and jump to `otherwise` (or go on as well)."""
        good, bad = self.label("good"), self.label("fault")
        self.branch_if(condition, good, bad, LIKELY)
        self.start(bad)
        self.record_fault(site)
        self.branch(otherwise or good)
        self.start(good)

    def record_fault(self, site: int) -> None:
        """Record a fault, and before that tell the temporary variables that the statement names.

        Not inside a loop: there it would keep counters that the loop can do without, one cycle a round.
        """
        before = len(self.lines)
        if self._frame and self.statement is not None and not self.loops and not self.round:
            for local in named_in(self.statement, self._frame):
                self._tell(local)
        self.fault_lines += len(self.lines) - before
        self.line(f"call void @vs_fault(ptr %app, i32 {self._site(site)}, ptr {self._instance})")

    def _tell(self, local: ir.Local) -> None:
        symbol, text = constant_of(local)
        self.local_names[symbol] = text
        bits = local.type.size * 8
        pointer = self.temp(f"getelementptr inbounds i8, ptr %frame, i64 {local.offset}")
        value = self.temp(f"load i{bits}, ptr {pointer}, align {local.type.size}, {TAG_VARIABLE}")
        wide = value if bits == 64 else self.temp(f"zext i{bits} {value} to i64")
        self.line(f"call void @vs_local(ptr {symbol}, i64 {wide})")

    def charge(self, cost: int, site: int) -> None:
        """Take `cost` from the budget; when there is not so much left, fault, set CUT and leave the function."""
        word = self.header_field(appmemory.BUDGET)
        left = self.temp(f"load i64, ptr {word}, align 8, {TAG_ACCOUNT}")
        enough = self.temp(f"icmp sge i64 {left}, {cost}")
        good, spent = self.label("good"), self.label("spent")
        self.branch_if(enough, good, spent, LIKELY)
        self.start(spent)
        self.line(f"call void @vs_cut(ptr %app, i32 {self._site(site)}, ptr {self._instance})")
        self.branch(self.exit)
        self.start(good)
        rest = self.temp(f"sub i64 {left}, {cost}")
        self.line(f"store i64 {rest}, ptr {word}, align 8, {TAG_ACCOUNT}")

    def _site(self, site: int) -> str:
        """A fault site as an operand; one that steps, for the round that runs."""
        if not isinstance(site, SteppedSite):
            return str(site)
        number = self.temp(f"trunc i64 {self.round} to i32")
        return self.temp(f"add i32 {site}, {self.temp(f'mul i32 {number}, {site.step}')}")

    def leave_when_cut(self, body: str) -> None:
        """After a call: leave the function when the call was cut."""
        if not self.bodies[body].may_cut:
            return
        self._leave_when_cut_is_set()

    def advance(self, amount: str, asked: int) -> None:
        """Ask whoever runs the TEST, and leave the function when it must end."""
        self.advances = True
        self.line(f"call void @{ADVANCE_SYMBOL}(ptr %app, i64 {amount}, i32 {int(asked)})")
        self._leave_when_cut_is_set()

    def _leave_when_cut_is_set(self) -> None:
        flag = self.temp(f"load i8, ptr {self.header_field(appmemory.CUT)}, align 1, {TAG_ACCOUNT}")
        running = self.temp(f"icmp eq i8 {flag}, 0")
        good = self.label("good")
        self.branch_if(running, good, self.exit, LIKELY)
        self.start(good)


EmitBlock = Callable[[BodyWriter, ir.Block], None]
"""Writes a block of statements (statements.py, which this cannot import)."""
