"""Expressions: each becomes a register of its type; operands are emitted left to right."""

from runtime.core.elementary import Kind
from runtime.lang import ir
from runtime.lang.llvm import calls, places, pointers
from runtime.lang.llvm.conversions import convert
from runtime.lang.llvm.intrinsics import intrinsic
from runtime.lang.llvm.texts import compare_text, text_constant
from runtime.lang.llvm.types import constant, integer_constant, register_type
from runtime.lang.llvm.writer import BodyWriter

_REAL_OPERATIONS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_REAL_RELATIONS = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}


def evaluate(out: BodyWriter, node: ir.Expr) -> str:  # noqa: C901 - one arm a kind of node
    """Emit an expression; give the register (or literal) that holds its value."""
    match node:
        case ir.Load(type_, place):
            return places.load(out, type_, place, evaluate)
        case ir.Const(type_, value):
            return text_constant(out, type_, str(value)) if type_.kind is Kind.TEXT else constant(type_, value)
        case ir.Binary():
            return _binary(out, node)
        case ir.Compare():
            return _compare(out, node)
        case ir.Unary():
            return _unary(out, node)
        case ir.Convert(type_, operand, site):
            return convert(out, evaluate(out, operand), type_of(operand), type_, site)
        case ir.ShortCircuit():
            return _short_circuit(out, node)
        case ir.Intrinsic(type_, name, args, site):
            arguments = [(evaluate(out, argument), type_of(argument)) for argument in args]
            return intrinsic(out, name, type_, arguments, site)
        case ir.Call():
            return calls.call(out, node, evaluate, type_of)
        case ir.Dispatch():
            return calls.dispatch(out, node, evaluate, type_of)
        case ir.Locate():
            return places.locate(out, node, evaluate)
        case ir.After(_, first, value):
            out.emit_block(out, first)
            return evaluate(out, value)
        case ir.Reachable(place):
            return places.reachable(out, place, evaluate)
        case ir.Point():
            return pointers.point(out, node, evaluate)


type_of = ir.type_of


def called(out: BodyWriter, node: ir.Call | ir.Dispatch) -> str:
    """A call of a FUNCTION or METHOD."""
    emit = calls.call if isinstance(node, ir.Call) else calls.dispatch
    return emit(out, node, evaluate, type_of)  # type: ignore[arg-type]  # each takes its own kind of node


def _unary(out: BodyWriter, node: ir.Unary) -> str:
    operand, register = evaluate(out, node.operand), register_type(node.type)
    if node.op == "not":
        return out.temp(f"xor {register} {operand}, {'true' if node.type.kind is Kind.BOOL else '-1'}")
    if node.type.kind is Kind.REAL:
        return out.temp(f"fneg {register} {operand}")
    return out.temp(f"sub {register} 0, {operand}")


def _binary(out: BodyWriter, node: ir.Binary) -> str:
    left, right = evaluate(out, node.left), evaluate(out, node.right)
    if node.type.kind is Kind.REAL:
        return out.temp(f"{_REAL_OPERATIONS[node.op]} {register_type(node.type)} {left}, {right}")
    if node.op in ("div", "mod"):
        return _divide(out, node, left, right)
    return out.temp(f"{node.op} {register_type(node.type)} {left}, {right}")


def _divide(out: BodyWriter, node: ir.Binary, left: str, right: str) -> str:
    """`div` and `mod`: by 0 gives 0 and a fault, and a signed divisor of -1 is kept from the instruction."""
    type_, register = node.type, register_type(node.type)
    done = out.label("done")
    before = out.label("divide")
    zero_fault = out.label("zero")
    not_zero = out.temp(f"icmp ne {register} {right}, 0")
    out.branch_if(not_zero, before, zero_fault)
    out.start(zero_fault)
    out.record_fault(node.site)
    out.branch(done)
    out.start(before)
    result = _divide_signed(out, node.op, register, left, right) if type_.is_signed else ""
    if not type_.is_signed:
        result = out.temp(f"{'udiv' if node.op == 'div' else 'urem'} {register} {left}, {right}")
    divided = out.block
    out.branch(done)
    out.start(done)
    return out.phi(register, (result, divided), (integer_constant(0, type_.bits), zero_fault))


def _divide_signed(out: BodyWriter, op: str, register: str, left: str, right: str) -> str:
    """Dividing by -1 negates (MIN stays MIN) and leaves no rest; the divisor 1 stands in for the instruction."""
    minus_one = out.temp(f"icmp eq {register} {right}, -1")
    safe = out.temp(f"select i1 {minus_one}, {register} 1, {register} {right}")
    divided = out.temp(f"{'sdiv' if op == 'div' else 'srem'} {register} {left}, {safe}")
    if op == "mod":
        return divided
    negated = out.temp(f"sub {register} 0, {left}")
    return out.temp(f"select i1 {minus_one}, {register} {negated}, {register} {divided}")


def _compare(out: BodyWriter, node: ir.Compare) -> str:
    left, right = evaluate(out, node.left), evaluate(out, node.right)
    type_ = type_of(node.left)
    if type_.kind is Kind.TEXT:
        return compare_text(out, type_, node.op, left, right)
    if type_.kind is Kind.REAL:
        return out.temp(f"fcmp {_REAL_RELATIONS[node.op]} {register_type(type_)} {left}, {right}")
    sign = "" if node.op in ("eq", "ne") else "s" if type_.is_signed else "u"
    return out.temp(f"icmp {sign}{node.op} {register_type(type_)} {left}, {right}")


def _short_circuit(out: BodyWriter, node: ir.ShortCircuit) -> str:
    left, decided = evaluate(out, node.left), out.block
    more, join = out.label("more"), out.label("join")
    if node.op == "and_then":
        out.branch_if(left, more, join)
    else:
        out.branch_if(left, join, more)
    out.start(more)
    right, evaluated = evaluate(out, node.right), out.block
    out.branch(join)
    out.start(join)
    return out.phi("i1", ("false" if node.op == "and_then" else "true", decided), (right, evaluated))
