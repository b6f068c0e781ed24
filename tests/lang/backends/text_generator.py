"""Random well-typed programs as ST text: all elementary types of numbers, times and bits, structures, arrays,
enumerations, functions, nested function blocks, every statement. The same seed gives the same text."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

SIGNED = ("SINT", "INT", "DINT", "LINT")
UNSIGNED = ("USINT", "UINT", "UDINT", "ULINT")
BITS = ("BYTE", "WORD", "DWORD", "LWORD")
REALS = ("REAL", "LREAL")
INTEGERS = SIGNED + UNSIGNED
TYPES = (*INTEGERS, *BITS, *REALS, "BOOL", "TIME")
WIDTH = dict(zip(INTEGERS + BITS, (8, 16, 32, 64) * 3, strict=True))
COMPARE = ("=", "<>", "<", "<=", ">", ">=")
REAL_FUNCTIONS = ("ABS", "SQRT", "LN", "LOG", "EXP", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN")
STATEMENTS_MAX = 3
DEPTH_MAX = 3
MODES = ("IDLE", "STARTING", "RUNNING", "FAULTED")
DECLARED_TYPES = f"""TYPE MODE : ({", ".join(MODES)}); END_TYPE
TYPE PAIR : STRUCT first : DINT; second : REAL; flag : BOOL; END_STRUCT END_TYPE
"""


@dataclass
class Scope:
    """The names a body sees: readable and writable single values by type, instances, functions, open loops."""

    readable: dict[str, list[str]] = field(default_factory=lambda: {t: [] for t in TYPES})
    writable: dict[str, list[str]] = field(default_factory=lambda: {t: [] for t in TYPES})
    arrays: list[tuple[str, str, int]] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)
    instances: list[tuple[str, "Block"]] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    loops: int = 0

    def add(self, name: str, kind: str, *, writable: bool = True) -> None:
        self.readable[kind].append(name)
        if writable:
            self.writable[kind].append(name)


@dataclass
class Block:
    """A function block: its inputs and outputs as (name, type)."""

    name: str
    inputs: list[tuple[str, str]]
    outputs: list[tuple[str, str]]


@dataclass
class Function:
    """A function: its result and its inputs."""

    name: str
    result: str
    inputs: list[str]


class TextGenerator:
    """Makes the text of one application."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._functions: list[Function] = []
        self._blocks: list[Block] = []
        self._scope = Scope()

    def text(self) -> str:
        """The whole file."""
        chance = self.chance
        parts = [DECLARED_TYPES, self._globals()]
        parts += [self._function(f"F{i}") for i in range(chance.randint(1, 3))]
        parts += [self._block(f"FB{i}") for i in range(chance.randint(1, 3))]
        parts += [self._program(f"P{i}") for i in range(chance.randint(1, 2))]
        return "\n".join(parts)

    # ---- declarations ----

    def _globals(self) -> str:
        self._globals_made = [(f"g{i}", t) for i, t in enumerate(self.chance.choices(TYPES, k=8))]
        lines = [f"    {name} : {kind} := {self.literal(kind)};" for name, kind in self._globals_made]
        return "\n".join(["VAR_GLOBAL", *lines, "END_VAR"])

    def _variables(self, section: str, *, rich: bool) -> list[str]:
        """A section with variables of all sorts, entered into the scope."""
        chance, scope, lines = self.chance, self._scope, [section]
        stem = "t" if section == "VAR_TEMP" else "v"
        for i, kind in enumerate(chance.choices(TYPES, k=chance.randint(3, 8))):
            scope.add(f"{stem}{i}", kind)
            lines.append(f"    {stem}{i} : {kind} := {self.literal(kind)};")
        for i in range(chance.randint(0, 2)):
            kind, count = chance.choice(TYPES), chance.randint(2, 6)
            scope.arrays.append((f"{stem}a{i}", kind, count))
            lines.append(f"    {stem}a{i} : ARRAY[1..{count}] OF {kind} := [{count}({self.literal(kind)})];")
        lines.append(f"    {stem}m : MODE := {chance.choice(MODES)};")
        scope.modes.append(f"{stem}m")
        lines += [f"    {stem}p, {stem}q : PAIR := (first := {chance.randint(-9, 9)}, second := 0.5);"]
        for pair in (f"{stem}p", f"{stem}q"):
            scope.pairs.append(pair)
            for part, kind in (("first", "DINT"), ("second", "REAL"), ("flag", "BOOL")):
                scope.add(f"{pair}.{part}", kind)
        counters = [f"{stem}c{i}" for i in range(DEPTH_MAX + 1)]
        scope.counters = counters
        lines += [f"    {', '.join(counters)} : DINT;"]
        if rich:
            lines += self._instances()
        return [*lines, "END_VAR"]

    def _instances(self) -> list[str]:
        chance, lines = self.chance, []
        for i, block in enumerate(self._blocks):
            if chance.random() < 0.7:
                self._scope.instances.append((f"i{i}", block))
                lines.append(f"    i{i} : {block.name};")
            if chance.random() < 0.4:
                self._scope.instances.append((f"ia{i}[{{index}}]", block))
                lines.append(f"    ia{i} : ARRAY[0..2] OF {block.name};")
        for name, kind in (("ton1", "TON"), ("tof1", "TOF"), ("tp1", "TP")):
            if chance.random() < 0.3:
                timer = Block(kind, [("IN", "BOOL"), ("PT", "TIME")], [("Q", "BOOL"), ("ET", "TIME")])
                self._scope.instances.append((name, timer))
                lines.append(f"    {name} : {kind};")
        return lines

    def _function(self, name: str) -> str:
        chance, self._scope = self.chance, Scope()
        result, inputs = chance.choice(TYPES), chance.choices(TYPES, k=chance.randint(0, 3))
        lines = ["VAR_INPUT", *(f"    x{i} : {kind};" for i, kind in enumerate(inputs)), "END_VAR"]
        for i, kind in enumerate(inputs):
            self._scope.add(f"x{i}", kind)
        lines += self._variables("VAR", rich=False)
        self._scope.add(name, result)
        body = self._body(1)
        self._functions.append(Function(name, result, inputs))
        return "\n".join([f"FUNCTION {name} : {result}", *lines, *body, "END_FUNCTION"])

    def _block(self, name: str) -> str:
        chance, self._scope = self.chance, Scope()
        inputs = [(f"x{i}", kind) for i, kind in enumerate(chance.choices(TYPES, k=chance.randint(1, 3)))]
        outputs = [(f"y{i}", kind) for i, kind in enumerate(chance.choices(TYPES, k=chance.randint(1, 3)))]
        lines = ["VAR_INPUT", *(f"    {n} : {k} := {self.literal(k)};" for n, k in inputs), "END_VAR"]
        lines += ["VAR_OUTPUT", *(f"    {n} : {k};" for n, k in outputs), "END_VAR"]
        for n, k in inputs + outputs:
            self._scope.add(n, k)
        lines += self._variables("VAR", rich=True) + (
            self._variables("VAR_TEMP", rich=False) if chance.random() < 0.5 else []
        )
        self._see_globals()
        body = self._body(1)
        self._blocks.append(Block(name, inputs, outputs))
        return "\n".join([f"FUNCTION_BLOCK {name}", *lines, *body, "END_FUNCTION_BLOCK"])

    def _program(self, name: str) -> str:
        self._scope = Scope()
        lines = self._variables("VAR", rich=True)
        self._see_globals()
        return "\n".join([f"PROGRAM {name}", *lines, *self._body(1), *self._body(1), "END_PROGRAM"])

    def _see_globals(self) -> None:
        for name, kind in self._globals_made:
            self._scope.add(name, kind)

    # ---- expressions ----

    def literal(self, kind: str) -> str:
        """A literal of a type, with a liking for the edges."""
        chance = self.chance
        if kind == "BOOL":
            return chance.choice(("TRUE", "FALSE"))
        if kind == "TIME":
            return f"T#{chance.choice((0, 1, 10, 25, 1000, 3_600_000))}ms"
        if kind in REALS:
            return (
                f"{kind}#{chance.choice(('0.0', '1.0', '-1.5', '0.1', '1.0E10', '-3.0E-5', '2147483648.0', '255.5'))}"
            )
        top = 1 << WIDTH[kind]
        if kind in SIGNED:
            return f"{kind}#{chance.choice((0, 1, -1, 3, -7, top // 2 - 1, 1 - top // 2, 100))}"
        value = chance.choice((0, 1, 2, 5, top - 1, top // 2, 100))
        return f"{kind}#16#{value:X}" if kind in BITS else f"{kind}#{value}"

    def expression(self, kind: str, depth: int) -> str:
        """An expression of exactly this type."""
        makers = [self._leaf, self._leaf, self._conversion, self._chosen, self._call]
        makers += [self._operation] * 4
        return self.chance.choice(makers if depth > 0 else [self._leaf])(kind, depth - 1)

    def _leaf(self, kind: str, depth: int) -> str:
        chance, names = self.chance, self._scope.readable[kind]
        elements = [a for a in self._scope.arrays if a[1] == kind]
        if elements and depth > 0 and chance.random() < 0.3:
            name, _, count = chance.choice(elements)
            return f"{name}[{self._index(count, depth)}]"
        outputs = [f"{n}.{o}" for n, b in self._scope.instances for o, k in b.outputs if k == kind and "{" not in n]
        pool = names + outputs
        return chance.choice(pool) if pool and chance.random() < 0.75 else self.literal(kind)

    def _index(self, count: int, depth: int) -> str:
        if self.chance.random() < 0.5:
            return str(self.chance.randint(1, count))
        variables = self._scope.readable["DINT"]
        if not variables:
            return str(self.chance.randint(1, count))
        value = (
            f"{self.chance.choice(variables)} + {self.literal('DINT')}" if depth > 1 else self.chance.choice(variables)
        )
        return f"DINT#1 + ABS(({value}) MOD DINT#{count + self.chance.choice((0, 0, 1))})"

    def _operation(self, kind: str, depth: int) -> str:
        one, two = (lambda: self.expression(kind, depth)), self.chance.choice
        if kind == "BOOL":
            return self._logic(depth)
        if kind == "TIME":
            return two(
                (f"({one()} + {one()})", f"({one()} - {one()})", f"({one()} * {self.expression('DINT', depth)})")
            )
        if kind in BITS:
            shift = f"{two(('SHL', 'SHR', 'ROL', 'ROR'))}({one()}, {self.chance.randint(0, 70)})"
            return two(
                (f"({one()} AND {one()})", f"({one()} OR {one()})", f"({one()} XOR {one()})", f"NOT ({one()})", shift)
            )
        if kind in REALS:
            function = f"{two(REAL_FUNCTIONS)}({one()})"
            return two(
                (f"({one()} {two('+-*/')} {one()})", f"(-({one()}))", function, f"({one()} {two('+-*')} {one()})")
            )
        sign = [f"(-({one()}))", f"ABS({one()})"] if kind in SIGNED else []
        divisors = self._scope.readable[kind]  # a constant 0 would be refused, as it should be
        quotients = [f"({one()} {two(('/', 'MOD'))} {two(divisors)})"] if divisors else []
        return two([f"({one()} {two('+-*')} {one()})" for _ in range(3)] + quotients + sign)

    def _logic(self, depth: int) -> str:
        chance = self.chance
        roll = chance.random()
        if roll < 0.5:
            kind = chance.choice([t for t in TYPES if t != "BOOL"])
            return f"({self.expression(kind, depth)} {chance.choice(COMPARE)} {self.expression(kind, depth)})"
        if roll < 0.6 and self._scope.modes:
            return f"({chance.choice(self._scope.modes)} {chance.choice(('=', '<>'))} {chance.choice(MODES)})"
        if roll < 0.7:
            return f"NOT ({self.expression('BOOL', depth)})"
        word = chance.choice(("AND", "OR", "XOR", "AND_THEN", "OR_ELSE", "&"))
        return f"({self.expression('BOOL', depth)} {word} {self.expression('BOOL', depth)})"

    def _conversion(self, kind: str, depth: int) -> str:
        source = self.chance.choice([t for t in TYPES if t != kind])
        if kind in INTEGERS and source in REALS and self.chance.random() < 0.3:
            return f"{source}_TO_{kind}({self.expression(source, depth)})"
        return f"{source}_TO_{kind}({self.expression(source, depth)})"

    def _chosen(self, kind: str, depth: int) -> str:
        one, chance = (lambda: self.expression(kind, depth)), self.chance
        if kind == "BOOL" or chance.random() < 0.4:
            return f"SEL({self.expression('BOOL', depth)}, {one()}, {one()})"
        name = chance.choice(("MIN", "MAX", "LIMIT"))
        return f"{name}({one()}, {one()}" + (f", {one()})" if name == "LIMIT" else ")")

    def _call(self, kind: str, depth: int) -> str:
        fitting = [f for f in self._functions if f.result == kind]
        if not fitting:
            return self._leaf(kind, depth)
        function = self.chance.choice(fitting)
        return f"{function.name}({', '.join(self.expression(k, depth) for k in function.inputs)})"

    # ---- statements ----

    def _body(self, depth: int) -> list[str]:
        return [line for _ in range(self.chance.randint(1, STATEMENTS_MAX)) for line in self._statement(depth)]

    def _statement(self, depth: int) -> list[str]:
        simple: list[Callable[[int], list[str]]] = [
            self._assign,
            self._assign,
            self._assign,
            self._call_block,
            self._enum,
        ]
        nested: list[Callable[[int], list[str]]] = [self._if, self._case, self._for, self._while, self._repeat]
        lines = self.chance.choice(simple + nested if depth < DEPTH_MAX else simple)(depth)
        return ["    " * depth + line if not line.startswith(" ") else line for line in lines]

    def _assign(self, _: int) -> list[str]:
        chance, kind = self.chance, self.chance.choice(TYPES)
        targets = list(self._scope.writable[kind])
        targets += [f"{n}[{self._index(c, 2)}]" for n, k, c in self._scope.arrays if k == kind]
        if len(self._scope.pairs) > 1 and chance.random() < 0.1:
            return [f"{chance.choice(self._scope.pairs)} := {chance.choice(self._scope.pairs)};"]
        return [f"{chance.choice(targets)} := {self.expression(kind, chance.choice((1, 2, 3)))};"] if targets else []

    def _enum(self, _: int) -> list[str]:
        modes = self._scope.modes
        return [f"{self.chance.choice(modes)} := {self.chance.choice((*MODES, *modes))};"]

    def _call_block(self, _: int) -> list[str]:
        if not self._scope.instances:
            return []
        chance = self.chance
        name, block = chance.choice(self._scope.instances)
        name = name.replace("{index}", str(chance.randint(0, 2)) if chance.random() < 0.6 else self._block_index())
        args = [f"{n} := {self.expression(k, 2)}" for n, k in block.inputs if chance.random() < 0.7]
        for output, kind in block.outputs:
            if self._scope.writable[kind] and chance.random() < 0.5:
                args.append(f"{output} => {chance.choice(self._scope.writable[kind])}")
        return [f"{name}({', '.join(args)});"]

    def _block_index(self) -> str:
        return f"{self.chance.choice(self._scope.counters)} MOD DINT#4"

    def _if(self, depth: int) -> list[str]:
        lines = [f"IF {self.expression('BOOL', 2)} THEN", *self._body(depth + 1)]
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            lines += [f"ELSIF {self.expression('BOOL', 2)} THEN", *self._body(depth + 1)]
        return [
            *lines,
            *(["ELSE", *self._body(depth + 1)] if self.chance.random() < 0.5 else []),
            *self._jump(),
            "END_IF",
        ]

    def _jump(self) -> list[str]:
        roll = self.chance.random()
        if self._scope.loops and roll < 0.4:
            return [f"{self.chance.choice(('EXIT', 'CONTINUE'))};"]
        return ["RETURN;"] if roll > 0.97 else []

    def _case(self, depth: int) -> list[str]:
        kind = self.chance.choice(INTEGERS)
        lines, low = [f"CASE {self.expression(kind, 2)} OF"], 0 if kind in UNSIGNED else -4
        for _ in range(self.chance.randint(1, 4)):
            high = low + self.chance.choice((0, 0, 1, 20))
            high = min(high, 120)
            lines += [f"{low}..{high}:" if high > low else f"{low}:", *self._body(depth + 1)]
            low = high + 1
        return [*lines, *(["ELSE", *self._body(depth + 1)] if self.chance.random() < 0.6 else []), "END_CASE"]

    def _loop_body(self, depth: int) -> list[str]:
        self._scope.loops += 1
        lines = self._body(depth + 1)
        self._scope.loops -= 1
        return lines

    def _for(self, depth: int) -> list[str]:
        counter, chance = self._scope.counters[depth], self.chance
        free = [f" BY {name}" for name in self._scope.readable["DINT"]]
        step = chance.choice(("", "", " BY 2", " BY -1", *free[:1]))
        head = f"FOR {counter} := {chance.randint(-2, 3)} TO {chance.randint(0, 8)}{step} DO"
        return [head, *self._loop_body(depth), "END_FOR;"]

    def _while(self, depth: int) -> list[str]:
        return [f"WHILE {self.expression('BOOL', 2)} DO", *self._loop_body(depth), "END_WHILE;"]

    def _repeat(self, depth: int) -> list[str]:
        return ["REPEAT", *self._loop_body(depth), f"UNTIL {self.expression('BOOL', 2)} END_REPEAT;"]
