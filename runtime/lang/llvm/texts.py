"""Strings in registers: a string's value is a pointer to characters that end with a 0, in room of the caller's own.

Loading copies a string out of its variable, so that nothing that happens afterwards changes a value; storing cuts it to
the variable's capacity and fills up with 0. The helpers exist once for CHARs (8) and once for WCHARs (16).
"""

from runtime.core.elementary import Elementary
from runtime.lang.llvm.writer import BodyWriter

_HELPERS = """\
define internal i64 @vs_lenW(ptr %text, i64 %most) nounwind {
entry:
  br label %next
next:
  %at = phi i64 [0, %entry], [%after, %more]
  %full = icmp uge i64 %at, %most
  br i1 %full, label %done, label %look
look:
  %where = getelementptr inbounds iW, ptr %text, i64 %at
  %char = load iW, ptr %where, align B
  %end = icmp eq iW %char, 0
  br i1 %end, label %done, label %more
more:
  %after = add i64 %at, 1
  br label %next
done:
  ret i64 %at
}

define internal i64 @vs_appendW(ptr %to, i64 %at, i64 %room, ptr %from, i64 %start, i64 %count) nounwind {
  %length = call i64 @vs_lenW(ptr %from, i64 1048576)
  %first = call i64 @llvm.smax.i64(i64 %start, i64 0)
  %low = call i64 @llvm.smin.i64(i64 %first, i64 %length)
  %left = sub i64 %length, %low
  %wanted = call i64 @llvm.smax.i64(i64 %count, i64 0)
  %taken = call i64 @llvm.smin.i64(i64 %wanted, i64 %left)
  %free = sub i64 %room, %at
  %n = call i64 @llvm.smin.i64(i64 %taken, i64 %free)
  %source = getelementptr inbounds iW, ptr %from, i64 %low
  %target = getelementptr inbounds iW, ptr %to, i64 %at
  %bytes = mul i64 %n, B
  call void @llvm.memmove.p0.p0.i64(ptr %target, ptr %source, i64 %bytes, i1 false)
  %sum = add i64 %at, %n
  %last = getelementptr inbounds iW, ptr %to, i64 %sum
  store iW 0, ptr %last, align B
  ret i64 %sum
}

define internal void @vs_loadW(ptr %to, ptr %from, i64 %most) nounwind {
  %n = call i64 @vs_lenW(ptr %from, i64 %most)
  %bytes = mul i64 %n, B
  call void @llvm.memmove.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  %last = getelementptr inbounds iW, ptr %to, i64 %n
  store iW 0, ptr %last, align B
  ret void
}

define internal void @vs_storeW(ptr %to, ptr %from, i64 %most) nounwind {
  %n = call i64 @vs_lenW(ptr %from, i64 %most)
  %bytes = mul i64 %n, B
  call void @llvm.memmove.p0.p0.i64(ptr %to, ptr %from, i64 %bytes, i1 false)
  %last = getelementptr inbounds iW, ptr %to, i64 %n
  %more = sub i64 %most, %n
  %chars = add i64 %more, 1
  %rest = mul i64 %chars, B
  call void @llvm.memset.p0.i64(ptr %last, i8 0, i64 %rest, i1 false)
  ret void
}

define internal i32 @vs_compareW(ptr %a, ptr %b) nounwind {
entry:
  br label %next
next:
  %at = phi i64 [0, %entry], [%after, %more]
  %pa = getelementptr inbounds iW, ptr %a, i64 %at
  %pb = getelementptr inbounds iW, ptr %b, i64 %at
  %ca = load iW, ptr %pa, align B
  %cb = load iW, ptr %pb, align B
  %same = icmp eq iW %ca, %cb
  br i1 %same, label %equal, label %differ
equal:
  %end = icmp eq iW %ca, 0
  br i1 %end, label %done, label %more
more:
  %after = add i64 %at, 1
  br label %next
done:
  ret i32 0
differ:
  %less = icmp ult iW %ca, %cb
  %sign = select i1 %less, i32 -1, i32 1
  ret i32 %sign
}

define internal i64 @vs_findW(ptr %in, ptr %sought) nounwind {
entry:
  %n = call i64 @vs_lenW(ptr %sought, i64 1048576)
  %all = call i64 @vs_lenW(ptr %in, i64 1048576)
  %none = icmp eq i64 %n, 0
  %last = sub i64 %all, %n
  br i1 %none, label %miss, label %next
next:
  %at = phi i64 [0, %entry], [%after, %mismatch]
  %past = icmp sgt i64 %at, %last
  br i1 %past, label %miss, label %match
match:
  %i = phi i64 [0, %next], [%j, %same]
  %whole = icmp eq i64 %i, %n
  br i1 %whole, label %hit, label %look
look:
  %k = add i64 %at, %i
  %pa = getelementptr inbounds iW, ptr %in, i64 %k
  %pb = getelementptr inbounds iW, ptr %sought, i64 %i
  %ca = load iW, ptr %pa, align B
  %cb = load iW, ptr %pb, align B
  %equal = icmp eq iW %ca, %cb
  br i1 %equal, label %same, label %mismatch
same:
  %j = add i64 %i, 1
  br label %match
mismatch:
  %after = add i64 %at, 1
  br label %next
hit:
  %position = add i64 %at, 1
  ret i64 %position
miss:
  ret i64 0
}
"""

_TURNS = """\
define internal void @vs_widen(ptr %to, ptr %from) nounwind {
entry:
  br label %next
next:
  %at = phi i64 [0, %entry], [%after, %next]
  %source = getelementptr inbounds i8, ptr %from, i64 %at
  %target = getelementptr inbounds i16, ptr %to, i64 %at
  %char = load i8, ptr %source, align 1
  %wide = zext i8 %char to i16
  store i16 %wide, ptr %target, align 2
  %after = add i64 %at, 1
  %end = icmp eq i8 %char, 0
  br i1 %end, label %done, label %next
done:
  ret void
}

define internal void @vs_narrow(ptr %to, ptr %from) nounwind {
entry:
  br label %next
next:
  %at = phi i64 [0, %entry], [%after, %next]
  %source = getelementptr inbounds i16, ptr %from, i64 %at
  %target = getelementptr inbounds i8, ptr %to, i64 %at
  %char = load i16, ptr %source, align 2
  %high = icmp ugt i16 %char, 255
  %low = trunc i16 %char to i8
  %narrow = select i1 %high, i8 63, i8 %low
  store i8 %narrow, ptr %target, align 1
  %after = add i64 %at, 1
  %end = icmp eq i16 %char, 0
  br i1 %end, label %done, label %next
done:
  ret void
}
"""

FUNCTIONS = frozenset({"LEN", "FIND", "LEFT", "RIGHT", "MID", "CONCAT", "INSERT", "DELETE", "REPLACE"})
"""Intrinsics that take strings."""

_ALL = "9223372036854775807"
"""A count that takes everything."""


def text_constant(out: BodyWriter, type_: Elementary, value: str) -> str:
    """The address of a string literal."""
    raw = type_.codec.pack(value)[: (len(value) + 1) * type_.width]
    name = f'@"text{8 * type_.width}.{raw.hex()}"'
    content = "".join(f"\\{byte:02X}" for byte in raw)
    out.libm[name] = f'{name} = internal unnamed_addr constant [{len(raw)} x i8] c"{content}", align 2'
    return name


def load_text(out: BodyWriter, type_: Elementary, pointer: str) -> str:
    """A copy of the string at a variable's address."""
    room = _room(out, type_)
    out.line(f"call void @{_helper(out, 'load', type_)}(ptr {room}, ptr {pointer}, i64 {type_.capacity})")
    return room


def store_text(out: BodyWriter, type_: Elementary, value: str, pointer: str) -> None:
    """Put a string into a variable."""
    out.line(f"call void @{_helper(out, 'store', type_)}(ptr {pointer}, ptr {value}, i64 {type_.capacity})")


def give_text(out: BodyWriter, type_: Elementary, pointer: str, to: str) -> None:
    """Copy the string at a variable's address into the caller's room."""
    out.line(f"call void @{_helper(out, 'load', type_)}(ptr {to}, ptr {pointer}, i64 {type_.capacity})")


def text_room(out: BodyWriter, type_: Elementary) -> str:
    """Room for a string that a call gives back."""
    return _room(out, type_)


def compare_text(out: BodyWriter, type_: Elementary, relation: str, left: str, right: str) -> str:
    """An i1: how two strings compare, by their characters' codes."""
    order = out.temp(f"call i32 @{_helper(out, 'compare', type_)}(ptr {left}, ptr {right})")
    return out.temp(f"icmp {relation if relation in ('eq', 'ne') else 's' + relation} i32 {order}, 0")


def convert_text(out: BodyWriter, value: str, source: Elementary, to: Elementary) -> str:
    """A character or a string as another string type (what is too long is cut where it is stored)."""
    if source.kind is to.kind:
        if source.width == to.width:
            return value
        room = _room(out, source if source.width > to.width else to, least=2 * source.size)
        out.libm["vs_turns"] = _TURNS
        out.line(f"call void @{'vs_widen' if to.width > source.width else 'vs_narrow'}(ptr {room}, ptr {value})")
        return room
    room, char = _room(out, to), f"i{source.size * 8}"
    out.line(f"store {char} {value}, ptr {room}, align {source.size}")
    end = out.temp(f"getelementptr inbounds {char}, ptr {room}, i64 1")
    out.line(f"store {char} 0, ptr {end}, align {source.size}")
    return room


def first_character(out: BodyWriter, value: str, to: Elementary) -> str:
    """The code of a string's first character; 0 for an empty one."""
    return out.temp(f"load i{to.size * 8}, ptr {value}, align {to.size}")


def text_function(out: BodyWriter, name: str, type_: Elementary, args: list[str], first: Elementary) -> str:
    """An intrinsic of strings; `first` is the type of its first argument."""
    if name == "LEN":
        return length(out, first, args[0])
    if name == "FIND":
        return out.temp(f"call i64 @{_helper(out, 'find', first)}(ptr {args[0]}, ptr {args[1]})")
    return compose(out, name, type_, args)


def length(out: BodyWriter, type_: Elementary, value: str) -> str:
    """How many characters."""
    return out.temp(f"call i64 @{_helper(out, 'len', type_)}(ptr {value}, i64 1048576)")


def compose(out: BodyWriter, name: str, type_: Elementary, args: list[str]) -> str:
    """The string that a standard function makes of strings and positions (LANGUAGE.md rule 12)."""
    match name:
        case "LEFT":
            parts = [(args[0], "0", args[1])]
        case "RIGHT":
            left = out.temp(f"sub i64 {length(out, type_, args[0])}, {_not_negative(out, args[1])}")
            parts = [(args[0], left, args[1])]
        case "MID":
            text, count, position = args
            parts = [(text, _before(out, position), _visible(out, count, position))]
        case "INSERT":
            text, added, position = args
            parts = [(text, "0", position), (added, "0", _ALL), (text, position, _ALL)]
        case "DELETE":
            text, count, position = args
            parts = [(text, "0", _before(out, position)), (text, _end(out, count, position), _ALL)]
        case "REPLACE":
            text, added, count, position = args
            parts = [(text, "0", _before(out, position)), (added, "0", _ALL), (text, _end(out, count, position), _ALL)]
        case _:
            parts = [(text, "0", _ALL) for text in args]
    room, at = _room(out, type_), "0"
    append = _helper(out, "append", type_)
    for text, start, count in parts:
        at = out.temp(
            f"call i64 @{append}(ptr {room}, i64 {at}, i64 {type_.capacity}, ptr {text}, i64 {start}, i64 {count})"
        )
    return room


def _before(out: BodyWriter, position: str) -> str:
    return out.temp(f"call i64 @llvm.ssub.sat.i64(i64 {position}, i64 1)")


def _end(out: BodyWriter, count: str, position: str) -> str:
    start = out.temp(f"call i64 @llvm.smax.i64(i64 {_before(out, position)}, i64 0)")
    return out.temp(f"call i64 @llvm.sadd.sat.i64(i64 {start}, i64 {_visible(out, count, position)})")


def _visible(out: BodyWriter, count: str, position: str) -> str:
    """How many of `count` characters are left when those before position 1 are not there."""
    hidden = out.temp(f"call i64 @llvm.smin.i64(i64 {_before(out, position)}, i64 0)")
    return _not_negative(out, out.temp(f"call i64 @llvm.sadd.sat.i64(i64 {_not_negative(out, count)}, i64 {hidden})"))


def _not_negative(out: BodyWriter, value: str) -> str:
    return out.temp(f"call i64 @llvm.smax.i64(i64 {value}, i64 0)")


def _room(out: BodyWriter, type_: Elementary, least: int = 0) -> str:
    return out.room(max(type_.size, least) + type_.width, type_.width)


def _helper(out: BodyWriter, name: str, type_: Elementary) -> str:
    bits = 8 * type_.width
    key = f"vs_texts{bits}"
    if key not in out.libm:
        text = _HELPERS.replace("W(", f"{bits}(").replace("iW", f"i{bits}")
        out.libm[key] = text.replace("align B", f"align {type_.width}").replace(", B\n", f", {type_.width}\n")
    return f"vs_{name}{bits}"
