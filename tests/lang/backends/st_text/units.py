"""Functions, function blocks and programs, with bodies of statements or charts."""

import random
from dataclasses import replace

from st_text.addresses import direct
from st_text.charts import chart
from st_text.declarations import ROW_ELEMENTS, Declarer
from st_text.kinds import any_kind
from st_text.scope import Block, Scope, Signature, Variable, open_row
from st_text.statements import Statements
from st_text.types import Types


class Units:
    """Writes the POUs of one program, each calling those before it."""

    def __init__(
        self, chance: random.Random, types: Types, globals_: list[tuple[str, str]], located: list[Variable]
    ) -> None:
        self.chance = chance
        self.types = types
        self.globals = globals_
        self._located = located
        self.functions: list[Signature] = []
        self.blocks: list[Block] = []

    def function(self, name: str) -> list[str]:
        """A FUNCTION with inputs, in-outs, outputs and temporaries."""
        scope = Scope()
        declarer = Declarer(self.chance, self.types, scope)
        signature = self.signature(name, any_kind(self.chance))
        lines = [f"FUNCTION {name} : {signature.result}", *self.declare(declarer, signature)]
        declarer.enter(name, signature.result, lasting=False)
        if self.chance.random() < 0.3:
            element = self.chance.choice(ROW_ELEMENTS)
            lines += declarer.open_in_out("row", element)
            signature = replace(signature, in_outs=(*signature.in_outs, ("row", open_row(element))))
        lines += [*Statements(self.chance, scope, self.functions).body(), "END_FUNCTION"]
        self.functions.append(signature)
        return lines

    def block(self, name: str) -> list[str]:
        """A FUNCTION_BLOCK whose body is statements."""
        block, scope, lines = self._block_head(name)
        lines += [*Statements(self.chance, scope, self.functions).body(), "END_FUNCTION_BLOCK"]
        self.blocks.append(block)
        return lines

    def chart_block(self, name: str) -> list[str]:
        """A FUNCTION_BLOCK whose body is an SFC."""
        block, scope, lines = self._block_head(name)
        lines += [*chart(self.chance, scope, Statements(self.chance, scope, self.functions)), "END_FUNCTION_BLOCK"]
        self.blocks.append(block)
        return lines

    def program(self, name: str, *, is_chart: bool) -> list[str]:
        """A PROGRAM."""
        scope = Scope()
        declarer = Declarer(self.chance, self.types, scope)
        lines = [f"PROGRAM {name}", *declarer.variables("VAR", "v", lasting=True), *declarer.constants()]
        lines += declarer.instances(self.blocks, interfaces=True)
        lines += self.external(declarer)
        statements = Statements(self.chance, scope, self.functions)
        body = chart(self.chance, scope, statements) if is_chart else statements.body(most=8)
        return [*lines, *body, "END_PROGRAM"]

    def external(self, declarer: Declarer) -> list[str]:
        """The globals, some by VAR_EXTERNAL, some just seen."""
        declarer.scope.variables += self._located
        if self._located:
            declarer.scope.variables += direct(self.chance)
        lines = ["VAR_EXTERNAL"]
        for name, type_ in self.globals:
            declarer.enter(name, type_)
            if self.chance.random() < 0.5:
                lines.append(f"    {name} : {type_};")
        return [*lines, "END_VAR"] if len(lines) > 1 else []

    def signature(self, name: str, result: str, stem: str = "") -> Signature:
        """Parameters by chance; their names begin with `stem`, so that a method hides no variable of its block."""
        chance = self.chance
        inputs = tuple((f"{stem}x{number}", any_kind(chance)) for number in range(chance.randint(0, 3)))
        shared = [any_kind(chance), chance.choice(self.types.composites)]
        in_outs = tuple(
            (f"{stem}io{number}", type_) for number, type_ in enumerate(chance.sample(shared, chance.choice((0, 0, 1))))
        )
        outputs = tuple((f"{stem}y{number}", any_kind(chance)) for number in range(chance.choice((0, 0, 1))))
        return Signature(name, result, inputs, in_outs, outputs)

    def declare(self, declarer: Declarer, signature: Signature) -> list[str]:
        """The sections of a function or method."""
        lines = declarer.parameters("VAR_INPUT", signature.inputs)
        lines += declarer.parameters("VAR_IN_OUT", signature.in_outs)
        lines += declarer.parameters("VAR_OUTPUT", signature.outputs)
        return lines + declarer.of_a_call("v")

    def _block_head(self, name: str) -> tuple[Block, Scope, list[str]]:
        chance, scope = self.chance, Scope()
        declarer = Declarer(chance, self.types, scope)
        inputs = tuple((f"x{number}", any_kind(chance)) for number in range(chance.randint(1, 3)))
        outputs = tuple((f"y{number}", any_kind(chance)) for number in range(chance.randint(1, 3)))
        in_outs = (("io0", chance.choice((*self.types.composites, any_kind(chance)))),) if chance.random() < 0.3 else ()
        lines = [f"FUNCTION_BLOCK {name}", *declarer.parameters("VAR_INPUT", inputs, edges=True)]
        lines += declarer.parameters("VAR_OUTPUT", outputs) + declarer.parameters("VAR_IN_OUT", in_outs)
        lines += declarer.variables("VAR", "v", lasting=True)
        if self.blocks or chance.random() < 0.5:
            lines += declarer.instances(self.blocks)
        if chance.random() < 0.5:
            lines += declarer.variables("VAR_TEMP", "t", lasting=False, most=3)
        return Block(name, inputs, outputs, in_outs), scope, lines + self.external(declarer)
