"""The reference interpreter: runs an application's IR over a memory of its own."""

from collections.abc import Callable

from runtime.lang import ir
from runtime.lang.application import Application
from runtime.lang.interp.activation import TaskCut
from runtime.lang.interp.expressions import ExpressionCompiler
from runtime.lang.interp.function import Function
from runtime.lang.interp.header import Header
from runtime.lang.interp.probe import Probe
from runtime.lang.interp.statements import StatementCompiler
from runtime.lang.machine import Buffer
from runtime.lang.syntax.recursion import deep_recursion
from runtime.lang.testing.advance import OnAdvance


class Interpreter:
    """Runs tasks as ir says. A `Machine`; what the native code is tested against.

    Each body is compiled to nested closures once, at construction; `probe` looks on.
    """

    def __init__(self, app: Application, memory: Buffer | None = None, probe: Probe | None = None) -> None:
        self.app = app
        self.memory: Buffer = bytearray(app.initial) if memory is None else memory
        assert len(self.memory) == len(app.initial), "the memory given has not the application's size"
        self._header = Header(self.memory)
        self._functions: dict[str, Function] = {}
        expressions = ExpressionCompiler(self.memory, self._header, self._function)
        self._statements = StatementCompiler(expressions, self._header, probe)
        with deep_recursion():
            for task in app.tasks:
                for program in task.programs:
                    self._function(program.body)

    def on_advance(self, answer: OnAdvance) -> None:
        """Who lets time pass for the body of a TEST."""
        self._header.advance = answer

    def on_fault(self, told: Callable[[int], None]) -> None:
        """Whom to tell of a program fault, by the number of its site, in the statement that does it."""
        self._header.on_fault = told

    def run_task(self, i: int) -> None:
        """Run task number `i` once, to its end or to where its budget cuts it."""
        task = self.app.tasks[i]
        with deep_recursion():
            self._header.start_task()
            try:
                self._header.charge(task.cost, task.site)
                for program in task.programs:
                    self._functions[program.body].run(self.memory, program.offset, ())
            except TaskCut:
                return

    def _function(self, name: str) -> Function:
        """The compiled body; calls never form a circle, so what it calls is compiled first."""
        if name not in self._functions:
            body: ir.Body = self.app.bodies[name]
            self._functions[name] = Function(body, self._statements.body(body), self.memory, self._header)
        return self._functions[name]
