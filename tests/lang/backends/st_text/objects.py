"""An interface, a block that implements it, and one that extends that: methods, properties, THIS and SUPER."""

from dataclasses import replace

from st_text.declarations import Declarer
from st_text.kinds import any_kind
from st_text.scope import Block, Scope, Signature
from st_text.statements import Statements
from st_text.units import Units

INTERFACE = "I_PART"


def family(units: Units) -> list[str]:
    """The three of them; the two blocks join those that later POUs may have instances of."""
    chance = units.chance
    methods = tuple(units.signature(f"m{number}", any_kind(chance), "m") for number in range(2))
    properties = (("level", any_kind(chance)),)
    first = Block("PART0", (("x0", any_kind(chance)),), (("y0", any_kind(chance)),), (), methods, properties, INTERFACE)
    second = replace(first, name="PART1", inputs=(*first.inputs, ("x1", any_kind(chance))))
    lines = _interface(units, methods, properties)
    lines += _base(units, first) + _derived(units, first, second)
    units.blocks += [first, second]
    return lines


def _interface(units: Units, methods: tuple[Signature, ...], properties: tuple[tuple[str, str], ...]) -> list[str]:
    lines = [f"INTERFACE {INTERFACE}"]
    for method in methods:
        lines += [*_head(units, method, Scope()), "END_METHOD"]
    for name, kind in properties:
        lines += [f"PROPERTY {name} : {kind} GET END_GET SET END_SET END_PROPERTY"]
    return [*lines, "END_INTERFACE"]


def _base(units: Units, block: Block) -> list[str]:
    chance, scope = units.chance, Scope()
    declarer = Declarer(chance, units.types, scope)
    lines = [f"FUNCTION_BLOCK {block.name} IMPLEMENTS {INTERFACE}"]
    lines += declarer.parameters("VAR_INPUT", block.inputs) + declarer.parameters("VAR_OUTPUT", block.outputs)
    kept = block.properties[0][1]
    lines += ["VAR PROTECTED", f"    held : {kept};", "END_VAR"]
    declarer.enter("held", kept)
    lines += declarer.variables("VAR PROTECTED", "b", lasting=True)
    lines += units.external(declarer)
    lines += _methods(units, block, scope, override=False)
    lines += _property(units, block, scope)
    scope.methods, scope.properties = list(block.methods), list(block.properties)
    return [*lines, *Statements(chance, scope, units.functions).body(), "END_FUNCTION_BLOCK"]


def _derived(units: Units, base: Block, block: Block) -> list[str]:
    chance, scope = units.chance, Scope()
    declarer = Declarer(chance, units.types, scope)
    lines = [f"FUNCTION_BLOCK {block.name} EXTENDS {base.name}"]
    for name, kind in (*base.inputs, *base.outputs, ("held", base.properties[0][1])):
        declarer.enter(name, kind)
    lines += declarer.parameters("VAR_INPUT", block.inputs[len(base.inputs) :])
    lines += declarer.variables("VAR", "d", lasting=True)
    lines += _methods(units, replace(block, methods=block.methods[:1]), scope, override=True)
    scope.methods, scope.properties = list(block.methods), list(block.properties)
    body = Statements(chance, scope, units.functions).body()
    return [*lines, *(["SUPER();"] if chance.random() < 0.7 else []), *body, "END_FUNCTION_BLOCK"]


def _methods(units: Units, block: Block, own: Scope, *, override: bool) -> list[str]:
    """Each may call those before it on the same instance; an overriding one what it overrides."""
    lines: list[str] = []
    for number, method in enumerate(block.methods):
        scope = Scope(list(own.variables), list(own.wholes), methods=[] if override else list(block.methods[:number]))
        lines += _head(units, method, scope, "OVERRIDE " if override else "")
        declarer = Declarer(units.chance, units.types, scope)
        lines += declarer.of_a_call("w")
        declarer.enter(method.name, method.result, lasting=False)
        functions = [*units.functions, *([replace(method, name=f"SUPER.{method.name}")] if override else [])]
        lines += [*Statements(units.chance, scope, functions).body(), "END_METHOD"]
    return lines


def _property(units: Units, block: Block, own: Scope) -> list[str]:
    name, kind = block.properties[0]
    lines = [f"PROPERTY {name} : {kind}"]
    for accessor in ("GET", "SET"):
        scope = Scope(list(own.variables), list(own.wholes))
        declarer = Declarer(units.chance, units.types, scope)
        lines += [accessor, *declarer.variables("VAR", "w", lasting=False, most=2)]
        declarer.enter(name, kind, lasting=False, writable=accessor == "GET")
        last = f"    {name} := held;" if accessor == "GET" else f"    held := {name};"
        lines += [*Statements(units.chance, scope, units.functions).body(most=2), last, f"END_{accessor}"]
    return [*lines, "END_PROPERTY"]


def _head(units: Units, method: Signature, scope: Scope, word: str = "") -> list[str]:
    declarer = Declarer(units.chance, units.types, scope)
    lines = [f"METHOD {word}{method.name} : {method.result}"]
    lines += declarer.parameters("VAR_INPUT", method.inputs)
    lines += declarer.parameters("VAR_IN_OUT", method.in_outs)
    return lines + declarer.parameters("VAR_OUTPUT", method.outputs)
