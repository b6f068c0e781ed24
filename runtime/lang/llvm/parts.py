"""Splits long bodies into parts: LLVM's register allocator takes time with the square of a function's length.

Done on the IR: a part is a block of its own, called on the same instance with the same references.
"""

from collections.abc import Mapping
from dataclasses import replace

from runtime.lang import ir
from runtime.lang.llvm.rounds import Rounds, contains_return, find_rounds

PART_STATEMENTS = 500
"""Statements of a part, a repeated group counted once; 7,000 statements in one function took LLVM 6 s."""


def split_long_bodies(bodies: Mapping[str, ir.Body]) -> dict[str, ir.Body]:
    """The bodies, with the long ones among them as calls of parts, `NAME.0`, `NAME.1` and so on.

    Left whole: a FUNCTION or a body with temporary variables (its parts would not share the frame), and a body with
    RETURN (which would leave a part only).
    """
    made: dict[str, ir.Body] = {}
    for name, body in bodies.items():
        made[name] = body
        if body.kind == "FUNCTION" or body.frame or len(body.block) <= PART_STATEMENTS or contains_return(body.block):
            continue
        parts = _parts(body)
        if len(parts) > 1:
            refs = tuple(ir.Place(ir.Base.REF, 0, (), i) for i in range(body.refs))
            calls = tuple(ir.CallInstance(part.name, ir.Place(ir.Base.SELF, 0), refs) for part in parts)
            made |= {part.name: part for part in parts} | {name: replace(body, block=calls)}
    return made


def _parts(body: ir.Body) -> list[ir.Body]:
    """The body's statements by parts; repeated groups are kept together."""
    blocks: list[ir.Block] = []
    start = at = 0
    for number, node in enumerate(find_rounds(body.block), 1):
        at += len(node.block) * node.count if isinstance(node, Rounds) else 1
        if number % PART_STATEMENTS == 0 or at == len(body.block):
            blocks.append(body.block[start:at])
            start = at
    return [
        ir.Body(f"{body.name}.{i}", "FUNCTION_BLOCK", block, b"", body.may_cut, (), body.refs)
        for i, block in enumerate(blocks)
    ]
