"""`voltscan debug`: a terminal over the interpreter's debugger; it reads the same commands from a file or a pipe."""

import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runtime.cli.given_text import without_quotes
from runtime.cli.language.check import print_diagnostics
from runtime.cli.language.exec import period_ns
from runtime.core.elementary import ELEMENTARY, LREAL, Kind, Value
from runtime.core.fault import FAULT_TEXT, PlcFault
from runtime.core.tag import Variable
from runtime.lang.application import Application
from runtime.lang.compile import compile_sources
from runtime.lang.interp import Interpreter
from runtime.lang.interp.debugger import Debugger
from runtime.lang.interp.expression_at_stop import CannotEvaluate, evaluate, read_expression
from runtime.lang.syntax.source import load_sources
from runtime.scan.virtual import VirtualScan
from runtime.wire.fault import ValueFault
from runtime.wire.values import parse, show, to_json

HELP = """\
b, break LINE | FILE:LINE | POU [if EXPR]   stop there (while EXPR holds)    d, delete [NAME]   delete one or all
u, until [LINE]   run to a line, or to the next below    faults on | off    stop where a program faults (on)
s, step     to the next statement, into calls           n, next            the same, over calls
f, finish   out of this POU                             c, continue        to the next breakpoint
scan [N]    to the end of this scan, or of N scans      w, watch [EXPR]    show it at every stop; list, unwatch EXPR
p, print EXPR   a value, structure, array or instance   set NAME := EXPR   write a variable
l, list     the source around                           where              the POUs that are running
q, quit"""
_IF = re.compile(r"(?:^|\s)if\s", re.IGNORECASE)
_PROMPT = "(st) "
_SHOWN_MAX = 40
_AROUND = 4
_SHORT = {
    "b": "break", "d": "delete", "s": "step", "n": "next", "f": "finish", "c": "continue", "w": "watch", "p": "print",
    "l": "list", "u": "until", "q": "quit", "bt": "where", "h": "help", "?": "help",
}  # fmt: skip


class _Quit(Exception):
    """The user has seen enough."""


def debug_files(files: list[Path], *, period: str, commands: Path | None) -> int:
    """Debug programs; 1 when they are wrong."""
    sources = load_sources(files)
    compiled = compile_sources(sources)
    if compiled.application is None:
        print_diagnostics(compiled.diagnostics, as_json=False)
        return 1
    session = Session(compiled.application, {s.name: s.text.splitlines() for s in sources}, period_ns(period))
    lines = _lines(commands, session.completions)
    before = signal.signal(signal.SIGINT, lambda *_: session.interrupt())
    try:
        session.run(lines)
    except _Quit:
        pass
    finally:
        signal.signal(signal.SIGINT, before)
    return 0


def _lines(commands: Path | None, completions: Callable[[str], list[str]]) -> Iterator[str]:
    """Commands from a file, a terminal (with history and completion), or a pipe; those not typed are echoed."""
    if commands is None and sys.stdin.isatty():
        import readline

        readline.set_completer(lambda text, number: dict(enumerate(completions(text))).get(number))
        readline.set_completer_delims(" =<>+-*/()")
        readline.parse_and_bind("tab: complete")
        while True:
            try:
                yield input(_PROMPT)
            except EOFError:
                return
    for line in commands.read_text().splitlines() if commands is not None else sys.stdin:
        print(f"{_PROMPT}{line.rstrip()}")
        yield line


@dataclass(slots=True)
class _Goal:
    """The scan at whose end to stop; None: none."""

    scan_no: int | None = None


class Session:
    """One debugging session."""

    def __init__(self, app: Application, sources: dict[str, list[str]], cycle_ns: int) -> None:
        self._app, self._sources = app, sources
        self._debugger = Debugger(app, self._stopped)
        machine = Interpreter(app, probe=self._debugger)
        self._debugger.watch_memory(machine.memory)
        self._stops_at_faults = True
        machine.on_fault(self._faulted)
        self._scan = VirtualScan(machine, period_ns=cycle_ns)
        self._watches: list[str] = []
        self._conditions: dict[str, str] = {}
        self._goal = _Goal()
        self._commands: Iterator[str] = iter(())

    def run(self, commands: Iterable[str]) -> None:
        """Take commands until they end. Between two scans as well as inside one, the same commands are understood."""
        self._commands = iter(commands)
        print(f"before scan 1; {len(self._app.tasks)} tasks; `help` lists the commands")
        self._prompt()
        while True:
            self._scan.scan()
            if self._goal.scan_no is not None and self._scan.scan_no >= self._goal.scan_no:
                self._goal.scan_no = None
                print(f"after scan {self._scan.scan_no}")
                self._show_watches()
                self._prompt()

    def interrupt(self) -> None:
        """Ctrl-C: stop at the next statement."""
        self._debugger.resume("step")

    def completions(self, text: str) -> list[str]:
        """Commands and names that a word may go on to; of long names the part up to the next dot."""
        names = [*self._acts(), *self._debugger.names()]
        found = [n for n in names if n.lower().startswith(text.lower())]
        end = len(text)
        return sorted({n[: n.find(".", end) + 1] if "." in n[end:] else n for n in found})

    # ---- stops ----

    def _stopped(self, _: Debugger, hit: str, fault: str = "") -> None:
        frame = self._debugger.frames[-1]
        if frame.at is None:
            return
        name = f"{frame.body.name} ({frame.path})" if frame.path else frame.body.name
        reason = f"breakpoint {hit}: " if hit else f"fault: {fault}; " if fault else ""
        print(f"{reason}scan {self._scan.scan_no}, {name}, {frame.at.file}:{frame.at.line}")
        print(self._source_line(frame.at.file, frame.at.line, mark=True))
        self._show_watches()
        self._prompt()

    def _faulted(self, site: int) -> None:
        if self._stops_at_faults and self._debugger.frames:
            self._stopped(self._debugger, "", FAULT_TEXT[self._app.sites[site].code])

    def _prompt(self) -> None:
        """Take commands until one goes on; at the end of the commands, the session ends."""
        for line in self._commands:
            word, _, rest = line.strip().partition(" ")
            if not word:
                continue
            word = _SHORT.get(word.lower(), word.lower())
            act = self._acts().get(word)
            if act is None:
                print(f"no command '{word}'; `help` lists them")
            elif act(rest.strip()):
                return
        raise _Quit

    def _acts(self) -> dict[str, Callable[[str], bool]]:
        """Commands; each tells whether to go on."""
        return {
            "break": self._break, "delete": self._delete, "step": lambda _: self._go("step"),
            "next": lambda _: self._go("next"), "finish": lambda _: self._go("finish"), "continue": self._continue,
            "scan": self._to_scan, "until": self._until, "faults": self._faults, "watch": self._watch,
            "unwatch": self._unwatch, "print": self._print, "set": self._set, "list": self._list,
            "where": self._where, "help": self._help, "quit": self._quit,
        }  # fmt: skip

    # ---- going on ----

    def _go(self, way: str) -> bool:
        assert way in ("run", "step", "next", "finish")
        self._debugger.resume(way)  # type: ignore[arg-type]  # one of the four
        return True

    def _continue(self, _: str) -> bool:
        if not self._debugger.breakpoints:
            print("there is no breakpoint: `break` sets one, `scan 100` runs 100 scans")
            return False
        return self._go("run")

    def _until(self, line: str) -> bool:
        frame = self._debugger.frames[-1] if self._debugger.frames else None
        if frame is None or frame.at is None or (line and not line.isdecimal()):
            print("until takes a line" if frame is not None else "no program runs: `step` begins one")
            return False
        if self._debugger.stop_once(frame.at.file, int(line) if line else frame.at.line + 1) is None:
            print(f"no statement at or below {line or frame.at.line + 1}")
            return False
        return self._go("run")

    def _faults(self, wanted: str) -> bool:
        if wanted in ("on", "off"):
            self._stops_at_faults = wanted == "on"
        print(f"stops at faults: {'on' if self._stops_at_faults else 'off'}")
        return False

    def _to_scan(self, count: str) -> bool:
        if count and not (count.isdecimal() and int(count)):
            print("scan takes a number of scans")
            return False
        inside = bool(self._debugger.frames)
        self._goal.scan_no = self._scan.scan_no + (int(count) if count else 1) - (1 if inside else 0)
        return self._go("run")

    def _quit(self, _: str) -> bool:
        raise _Quit

    def _help(self, _: str) -> bool:
        print(HELP)
        return False

    # ---- breakpoints ----

    def _break(self, told: str) -> bool:
        where, _, condition = (part.strip() for part in _IF.sub("\0", told, count=1).partition("\0"))
        file, _, number = where.rpartition(":")
        holds = self._condition(condition) if condition else None
        if condition and holds is None:
            return False
        before = dict(self._debugger.breakpoints)
        if not where:
            shown = (f"{b} if {self._conditions[b]}" if b in self._conditions else b for b in before)
            print("\n".join(shown) or "no breakpoints")
        elif number.isdecimal():
            name = self._file(file)
            line = self._debugger.break_at(name, int(number)) if name else None
            print(f"stops at {name}:{line}" if line is not None else f"no statement at or below {where}")
        else:
            pou = self._debugger.break_in(where)
            print(f"stops in {pou}" if pou is not None else f"no POU '{where}' with a statement")
        for made in [b for b in self._debugger.breakpoints if b not in before or self._is(b, where)] if where else ():
            self._debugger.conditions.pop(made, None)
            self._conditions.pop(made, None)
            if holds is not None:
                self._debugger.conditions[made], self._conditions[made] = holds, condition
        return False

    def _is(self, breakpoint_: str, where: str) -> bool:
        return breakpoint_.lower() == where.lower() or breakpoint_.endswith((f":{where}", f"/{where}"))

    def _condition(self, text: str) -> Callable[[], bool] | None:
        """Whether an expression holds; None after it was said what is wrong with it."""
        try:
            node = read_expression(text)
        except CannotEvaluate as reason:
            print(reason)
            return None

        def holds() -> bool:
            try:
                return bool(evaluate(node, self._debugger.seen).value)
            except CannotEvaluate as reason:
                print(f"the condition cannot be told ({reason}): stopping")
                return True

        return holds

    def _file(self, told: str) -> str:
        """The source that is meant: by its ending; without one the file at hand, else the first."""
        frame = self._debugger.frames[-1] if self._debugger.frames else None
        if not told:
            return frame.at.file if frame is not None and frame.at is not None else next(iter(self._sources), "")
        return next((name for name in self._sources if name == told or name.endswith(f"/{told}")), "")

    def _delete(self, name: str) -> bool:
        chosen = [b for b in self._debugger.breakpoints if not name or self._is(b, name)]
        for breakpoint_ in chosen:
            del self._debugger.breakpoints[breakpoint_]
            self._debugger.conditions.pop(breakpoint_, None)
            self._conditions.pop(breakpoint_, None)
        print(f"{len(chosen)} deleted")
        return False

    # ---- looking and writing ----

    def _watch(self, name: str) -> bool:
        if name and name not in self._watches:
            self._watches.append(name)
        self._show_watches()
        return False

    def _unwatch(self, name: str) -> bool:
        self._watches = [w for w in self._watches if w.lower() != name.lower()]
        return False

    def _show_watches(self) -> None:
        for name in self._watches:
            print(f"  {name} = {self._value(name) or '(not here)'}")

    def _value(self, name: str) -> str:
        found = self._debugger.find(name)
        if found is None:
            return self._evaluated(name)[0]
        variable = found.variable
        told = to_json(variable.type.unpack(found.buffer, found.offset), variable)
        return f"{show(told, variable.type_name)} {variable.unit}".rstrip()

    def _evaluated(self, text: str) -> tuple[str, str]:
        """The value of an expression as text, or nothing and why there is none."""
        try:
            seen = evaluate(read_expression(text), self._debugger.seen)
        except CannotEvaluate as reason:
            return "", str(reason)
        label = next((name for name, number in seen.labels if number == seen.value), None)
        variable = Variable(name="", type=ELEMENTARY.get(seen.type_name, LREAL), offset=0)
        told = seen.value if isinstance(seen.value, str) else to_json(seen.value, variable)
        return show(label or told, seen.type_name), ""

    def _print(self, name: str) -> bool:
        if not name:
            print("print takes a variable or an expression")
            return False
        value = self._value(name)
        if value:
            print(f"  {name} = {value}")
            return False
        inside = list(self._debugger.inside(name))
        for variable in inside[:_SHOWN_MAX]:
            print(f"  {variable.name} = {self._value(variable.name)}")
        if len(inside) > _SHOWN_MAX:
            print(f"  … and {len(inside) - _SHOWN_MAX} more")
        if not inside:
            near = self._app.tags.nearest(name)
            print(self._evaluated(name)[1] + (f"; did you mean {near}?" if near else ""))
        return False

    def _set(self, told: str) -> bool:
        name, sign, value = (part.strip() for part in told.partition(":="))
        if not sign:
            name, _, value = told.partition(" ")
        found = self._debugger.find(name)
        if found is None:
            print(f"no variable '{name}'")
            return False
        try:
            found.variable.type.pack_into(
                found.buffer, found.offset, self._given(without_quotes(value.strip(), name), found.variable)
            )
        except (ValueFault, PlcFault) as misfit:
            print(misfit)
            return False
        print(f"  {name} = {self._value(name)}")
        return False

    def _given(self, text: str, variable: Variable) -> Value:
        """What a variable is to become: a value of its type, or an expression that has one."""
        try:
            return parse(text, variable)
        except ValueFault:
            try:
                seen = evaluate(read_expression(text), self._debugger.seen)
            except CannotEvaluate:
                seen = None
            if seen is None or (seen.type_name == "" and isinstance(seen.value, str)):
                raise
            if isinstance(seen.value, bool) and variable.type.kind is not Kind.BOOL:
                raise
        if variable.type.kind is Kind.REAL and isinstance(seen.value, int) and not isinstance(seen.value, bool):
            return float(seen.value)
        told = seen.value if isinstance(seen.value, str) else to_json(seen.value, variable)
        return parse(told, variable)

    def _list(self, _: str) -> bool:
        frame = self._debugger.frames[-1] if self._debugger.frames else None
        if frame is None or frame.at is None:
            print("no program runs: `step` begins one")
            return False
        at = frame.at.line
        for number in range(max(1, at - _AROUND), at + _AROUND + 1):
            if number <= len(self._sources.get(frame.at.file, ())):
                print(self._source_line(frame.at.file, number, mark=number == at))
        return False

    def _where(self, _: str) -> bool:
        for frame in reversed(self._debugger.frames):
            place = f"{frame.at.file}:{frame.at.line}" if frame.at is not None else ""
            print(f"  {frame.body.name} {f'({frame.path}) ' if frame.path else ''}{place}")
        return False

    def _source_line(self, file: str, line: int, *, mark: bool) -> str:
        lines = self._sources.get(file, [])
        return f"{'->' if mark else '  '}{line:4d} | {lines[line - 1] if line <= len(lines) else ''}"
