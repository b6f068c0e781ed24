"""Which argument goes to which parameter: formal (`IN := x, Q => y`) and informal (`x, y`) calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from runtime.core.diagnostic import Label, Span
from runtime.lang import tree
from runtime.lang.lower.context import Context
from runtime.lang.semantics.symbols import suggest


@dataclass(slots=True)
class Bound:
    """Arguments by the parameter's name in lower case, in order of writing. `ok` False after a mistake."""

    inputs: dict[str, tree.Expr] = field(default_factory=dict)
    outputs: dict[str, tree.Expr] = field(default_factory=dict)
    ok: bool = True


def bind(
    ctx: Context,
    call: tree.CallExpr,
    callee: str,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    private: Sequence[str] = (),
) -> Bound:
    """Sort the arguments of a call; unknown, repeated and surplus ones are reported."""
    bound = Bound()
    names = {n.lower(): n for n in inputs}
    output_names = {n.lower(): n for n in outputs}
    if any(a.name for a in call.args) and not all(a.name for a in call.args):
        span = next(a.value.span for a in call.args if not a.name)
        mend = "name all arguments, or none"
        ctx.report.error("L3007", "named and unnamed arguments are mixed", span, "this one has no name", help=mend)
        bound.ok = False
        return bound
    seen: dict[str, Span] = {}
    for position, arg in enumerate(call.args):
        if arg.name is None:
            if _compared(ctx, arg.value, callee, names):
                bound.ok = False
                continue
            if position >= len(inputs):
                takes = f"{callee} takes {len(inputs)} argument{'' if len(inputs) == 1 else 's'}"
                ctx.report.error("L3007", takes, arg.value.span, "one too many", help=_signature(callee, inputs))
                bound.ok = False
                break
            bound.inputs[inputs[position].lower()] = arg.value
            continue
        key = arg.name.key
        if key in seen:
            label = Label(seen[key], "given here already")
            ctx.report.error("L3006", f"'{arg.name.text}' is given twice", arg.name.span, "a second time", label)
            bound.ok = False
        elif key in (output_names if arg.is_output else names):
            (bound.outputs if arg.is_output else bound.inputs)[key] = arg.value
        else:
            _unknown(ctx, arg, callee, names, output_names, private)
            bound.ok = False
        seen.setdefault(key, arg.name.span)
    return bound


def only_argument(ctx: Context, call: tree.CallExpr, callee: str) -> tree.Expr | None:
    """The argument IN of a function that takes nothing else; None, reported, when it is not given so."""
    bound = bind(ctx, call, callee, inputs=("IN",), outputs=())
    if bound.ok and not bound.inputs:
        ctx.report.error("L3007", f"{callee} takes one argument", call.span, "none given")
    return bound.inputs.get("in") if bound.ok else None


def _compared(ctx: Context, value: tree.Expr, callee: str, inputs: dict[str, str]) -> bool:
    """`t(IN = TRUE)`: True, and reported, when an input is compared with a value instead of given one."""
    if not isinstance(value, tree.Binary) or value.op != "=" or not isinstance(value.left, tree.Name):
        return False
    name = value.left
    if name.key not in inputs or ctx.scope.variable(name.key) is not None:
        return False
    mend = f"give it with {name.text} := value"
    ctx.report.error("L3004", f"'{name.text}' is an input of {callee}", value.op_span, "compared, not given", help=mend)
    return True


def _unknown(
    ctx: Context,
    arg: tree.Arg,
    callee: str,
    inputs: dict[str, str],
    outputs: dict[str, str],
    private: Sequence[str],
) -> None:
    name = arg.name
    assert name is not None
    if name.key in ctx.scope.symbols.lost:
        return
    if name.key in outputs:
        message, label = f"'{name.text}' is an output of {callee}", "given with :="
        mend = f"take its value with {name.text} => variable"
    elif name.key in inputs:
        message, label = f"'{name.text}' is an input of {callee}", "taken with =>"
        mend = f"give it with {name.text} := value"
    elif name.key in private:
        message, label = f"'{name.text}' is inside {callee} and cannot be given", "not an input"
        mend = ""
    else:
        message, label = f"{callee} has no parameter '{name.text}'", "unknown"
        mend = suggest(name.text, (outputs if arg.is_output else inputs).values()) or _signature(
            callee, (outputs if arg.is_output else inputs).values()
        )
    ctx.report.error("L3004", message, name.span, label, help=mend)


def _signature(callee: str, names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:8]) + (", ..." if len(listed) > 8 else "")
    return f"{callee} takes {shown}" if listed else f"{callee} takes nothing"
