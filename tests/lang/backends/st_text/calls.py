"""Calls of functions, methods and properties: as values, and as statements with outputs, EN and ENO."""

from typing import TYPE_CHECKING

from st_text.scope import Block, Instance, Signature

if TYPE_CHECKING:
    from st_text.expressions import Writer


def value(writer: "Writer", kind: str, depth: int) -> str | None:
    """A call or property that gives a type; None when there is none in reach."""
    found = [written for signature, written in _callable(writer) if signature.result == kind]
    properties = [f"{where}.{name}" for where, name, of in _properties(writer) if of == kind]
    if not found and not properties:
        return None
    if properties and (not found or writer.chance.random() < 0.3):
        return writer.chance.choice(properties)
    signature, written = writer.chance.choice([(s, w) for s, w in _callable(writer) if s.result == kind])
    return call(writer, signature, written, depth, *enabling(writer, depth, en=0.2, eno=0.15))


def call(writer: "Writer", signature: Signature, written: str, depth: int, *extra: str) -> str | None:
    """The call; None when nothing in reach fits an in-out."""
    passed = arguments(writer, signature.inputs, signature.in_outs, signature.outputs, depth)
    if passed is None:
        return None
    if not (signature.in_outs or signature.outputs or extra) and writer.chance.random() < 0.5:
        return f"{written}({', '.join(argument.partition(' := ')[2] for argument in passed)})"
    return f"{written}({', '.join((*extra, *passed))})"


def arguments(
    writer: "Writer",
    inputs: tuple[tuple[str, str], ...],
    in_outs: tuple[tuple[str, str], ...],
    outputs: tuple[tuple[str, str], ...],
    depth: int,
    *,
    given: float = 1.0,
) -> list[str] | None:
    """Formal arguments: each input with the probability `given`, every in-out, some outputs."""
    chance = writer.chance
    made = [f"{name} := {writer.expression(kind, depth)}" for name, kind in inputs if chance.random() < given]
    for name, type_ in in_outs:
        found = writer.scope.declared(type_)
        if not found:
            return None
        made.append(f"{name} := {writer.place(chance.choice(found))}")
    for name, kind in outputs:
        targets = [v for v in writer.scope.writable(kind) if v.declared == kind]
        if targets and chance.random() < 0.5:
            made.append(f"{name} => {writer.place(chance.choice(targets))}")
    return made


def enabling(writer: "Writer", depth: int, *, en: float, eno: float) -> list[str]:
    """EN and ENO of a call, each with its probability."""
    chance, made = writer.chance, []
    targets = [v for v in writer.scope.writable("BOOL") if v.declared == "BOOL"]
    if chance.random() < en:
        made.append(f"EN := {writer.expression('BOOL', depth)}")
    if targets and chance.random() < eno:
        made.append(f"ENO => {writer.place(chance.choice(targets))}")
    return made


def statement(writer: "Writer", depth: int) -> list[str]:
    """A function or method called for what it does, or its result assigned; with EN and ENO at times."""
    chance, found = writer.chance, _callable(writer)
    if not found:
        return []
    signature, written = chance.choice(found)
    made = call(writer, signature, written, depth, *enabling(writer, depth, en=0.4, eno=0.3))
    if made is None:
        return []
    results = [v for v in writer.scope.writable(signature.result) if v.declared == signature.result]
    if results and chance.random() < 0.7:
        return [f"{writer.place(chance.choice(results))} := {made};"]
    return [f"{made};"]


def instance(writer: "Writer", depth: int) -> list[str]:
    """A function block called: some inputs left out, some outputs taken, EN and ENO at times."""
    chance, scope = writer.chance, writer.scope
    if not scope.instances:
        return []
    what = chance.choice(scope.instances)
    block = what.block
    passed = arguments(writer, block.inputs, block.in_outs, block.outputs, depth, given=0.7)
    if passed is None:
        return []
    targets = [v for v in scope.writable("BOOL") if v.declared == "BOOL"]
    if targets and chance.random() < 0.1:
        passed += [f"EN := {writer.expression('BOOL', 1)}", f"ENO => {writer.place(chance.choice(targets))}"]
    return [f"{writer.place(what)}({', '.join(passed)});"]


def set_property(writer: "Writer", depth: int) -> list[str]:
    """An assignment to a property."""
    found = _properties(writer)
    if not found:
        return []
    where, name, kind = writer.chance.choice(found)
    return [f"{where}.{name} := {writer.expression(kind, depth)};"]


def _callable(writer: "Writer") -> list[tuple[Signature, str]]:
    """Everything that may be called, and how it is written."""
    found = [(signature, signature.name) for signature in writer.functions]
    found += [(method, f"THIS.{method.name}") for method in writer.scope.methods]
    for where, block in _objects(writer):
        found += [(method, f"{where}.{method.name}") for method in block.methods]
    return found


def _properties(writer: "Writer") -> list[tuple[str, str, str]]:
    found = [("THIS", name, kind) for name, kind in writer.scope.properties]
    for where, block in _objects(writer):
        found += [(where, name, kind) for name, kind in block.properties]
    return found


def _objects(writer: "Writer") -> list[tuple[str, Block]]:
    """Instances with methods, and interface variables."""
    with_methods: list[Instance] = [i for i in writer.scope.instances if i.block.methods]
    return [(writer.place(i), i.block) for i in with_methods] + writer.scope.interfaces
