"""Bodies and tasks: LLVM functions around blocks of statements.

A body is `T @"st.NAME"(ptr app, ptr self, T values…, ptr refs…)`; a FUNCTION has no `self`, only it and a METHOD have
values and a result. A task is `void @vs_task_<i>(ptr app)`, the only functions seen from outside.
"""

import re

from runtime.core import appmemory
from runtime.core.elementary import Kind
from runtime.core.faultlocals import FAULT_LOCALS_MAX
from runtime.lang import ir
from runtime.lang.application import Task
from runtime.lang.llvm import places
from runtime.lang.llvm.expressions import evaluate
from runtime.lang.llvm.statements import emit_block
from runtime.lang.llvm.texts import give_text
from runtime.lang.llvm.types import register_type
from runtime.lang.llvm.writer import TAG_ACCOUNT, BodyWriter
from runtime.lang.native import FAULT_HOOK

_HELPERS = """\
@HOOK = global [HOOK_WORDS x i64] zeroinitializer, align 8

define internal void @vs_local(ptr %name, i64 %value) cold noinline nounwind {
  %counter = getelementptr inbounds i8, ptr @HOOK, i64 16
  %count = load i64, ptr %counter, align 8
  %full = icmp uge i64 %count, LOCALS_MAX
  br i1 %full, label %done, label %room
room:
  %skip = mul i64 %count, 16
  %first = getelementptr inbounds i8, ptr @HOOK, i64 24
  %entry = getelementptr inbounds i8, ptr %first, i64 %skip
  store ptr %name, ptr %entry, align 8
  %second = getelementptr inbounds i8, ptr %entry, i64 8
  store i64 %value, ptr %second, align 8
  %more = add i64 %count, 1
  store i64 %more, ptr %counter, align 8
  br label %done
done:
  ret void
}

define internal void @vs_fault(ptr %app, i32 %site, ptr %self) cold noinline nounwind {
  %catching = getelementptr inbounds i8, ptr %app, i64 CATCHING
  %calls = load i32, ptr %catching, align 4, !tbaa !2
  %open = icmp eq i32 %calls, 0
  br i1 %open, label %enter, label %catch
enter:
  call void @vs_enter(ptr %app, i32 %site, ptr %self)
  br label %done
catch:
  %counter = getelementptr inbounds i8, ptr %app, i64 CAUGHT
  %count = load i64, ptr %counter, align 8, !tbaa !2
  %more = add i64 %count, 1
  store i64 %more, ptr %counter, align 8, !tbaa !2
  br label %done
done:
  %locals = getelementptr inbounds i8, ptr @HOOK, i64 16
  store i64 0, ptr %locals, align 8
  ret void
}

define internal void @vs_enter(ptr %app, i32 %site, ptr %self) cold noinline nounwind {
  %counter = getelementptr inbounds i8, ptr %app, i64 FAULT_COUNT
  %count = load i64, ptr %counter, align 8, !tbaa !2
  %scan_field = getelementptr inbounds i8, ptr %app, i64 SCAN_NO
  %scan = load i64, ptr %scan_field, align 8, !tbaa !1
  %slot = urem i64 %count, FAULT_RING_LEN
  %skip = mul i64 %slot, FAULT_ENTRY_SIZE
  %ring = getelementptr inbounds i8, ptr %app, i64 FAULT_RING
  %entry = getelementptr inbounds i8, ptr %ring, i64 %skip
  store i32 %site, ptr %entry, align 8, !tbaa !2
  %start = ptrtoint ptr %app to i64
  %at = ptrtoint ptr %self to i64
  %offset = sub i64 %at, %start
  %inside = icmp ult i64 %offset, MEMORY_SIZE
  %told = select i1 %inside, i64 %offset, i64 0
  %instance = trunc i64 %told to i32
  %rest = getelementptr inbounds i8, ptr %entry, i64 4
  store i32 %instance, ptr %rest, align 4, !tbaa !2
  %when = getelementptr inbounds i8, ptr %entry, i64 8
  store i64 %scan, ptr %when, align 8, !tbaa !2
  %more = add i64 %count, 1
  store i64 %more, ptr %counter, align 8, !tbaa !2
  %hook = load ptr, ptr @HOOK, align 8
  %none = icmp eq ptr %hook, null
  br i1 %none, label %done, label %tell
tell:
  %second = getelementptr inbounds i8, ptr @HOOK, i64 8
  %argument = load ptr, ptr %second, align 8
  call void %hook(ptr %argument) nounwind memory(read, inaccessiblemem: readwrite)
  br label %done
done:
  ret void
}

define internal void @vs_cut(ptr %app, i32 %site, ptr %self) cold noinline nounwind {
  call void @vs_enter(ptr %app, i32 %site, ptr %self)
  %cut = getelementptr inbounds i8, ptr %app, i64 CUT
  store i8 1, ptr %cut, align 1, !tbaa !2
  ret void
}
"""
"""Functions that record what went wrong; never inlined, so that the usual path stays short."""


def helpers(memory_size: int) -> str:
    """The functions that record faults in application memory of this size."""
    text = _HELPERS.replace("HOOK_WORDS", str(3 + 2 * FAULT_LOCALS_MAX)).replace("LOCALS_MAX", str(FAULT_LOCALS_MAX))
    text = text.replace("HOOK", FAULT_HOOK).replace("MEMORY_SIZE", str(memory_size))
    for field in (
        "CATCHING",
        "CAUGHT",
        "FAULT_COUNT",
        "SCAN_NO",
        "FAULT_RING_LEN",
        "FAULT_ENTRY_SIZE",
        "FAULT_RING",
        "CUT",
    ):
        text = re.sub(rf"\b{field}\b", str(getattr(appmemory, field)), text)
    return text


def task_symbol(i: int) -> str:
    """The name of a task's function in the object."""
    return f"vs_task_{i}"


def emit_body(out: BodyWriter, body: ir.Body) -> None:
    """The inside of a body's function."""
    if body.frame:
        _emit_frame(out, body)
    emit_block(out, body.block)
    out.branch(out.exit)
    out.start(out.exit)
    place = ir.Place(ir.Base.APP if body.result_is_static else ir.Base.FRAME, body.result_offset)
    if body.result is not None and body.result.kind is Kind.TEXT:
        give_text(out, body.result, places.address(out, place, "", evaluate), "%result")
    if body.result is None or body.result.kind is Kind.TEXT:
        out.line("ret void")
        return
    out.line(f"ret {register_type(body.result)} {places.load(out, body.result, place, evaluate)}")


def instance_of(body: ir.Body) -> str:
    """The register that points at the instance; application memory stands for none."""
    return "%app" if body.kind == "FUNCTION" else "%self"


def signature(body: ir.Body, memory_size: int) -> str:
    """Result, name and parameters of a body's function."""
    is_text = body.result is not None and body.result.kind is Kind.TEXT
    result = register_type(body.result) if body.result and not is_text else "void"
    instance = [] if body.kind == "FUNCTION" else ["ptr noundef nonnull %self"]
    values = [f"{register_type(parameter.type)} %value{i}" for i, parameter in enumerate(body.values)]
    refs = [f"ptr noundef nonnull %ref{i}" for i in range(body.refs)]
    given = ["ptr noundef nonnull %result"] if is_text else []
    parameters = ", ".join([app_parameter(memory_size), *instance, *values, *refs, *given])
    return f'{result} @"st.{body.name}"({parameters})'


def app_parameter(memory_size: int) -> str:
    """The parameter that points at application memory."""
    return f"ptr noundef nonnull align 8 dereferenceable({memory_size}) %app"


def emit_task(out: BodyWriter, task: Task) -> None:
    """The inside of a task's function: charge its cost, then its programs in order, up to a cut."""
    out.line(f"store i32 0, ptr {out.header_field(appmemory.CATCHING)}, align 4, {TAG_ACCOUNT}")
    out.charge(task.cost, task.site)
    for program in task.programs:
        instance = out.header_field(program.offset)
        out.line(f'call void @"st.{program.body}"(ptr %app, ptr {instance})')
        out.calls[program.body] += 1
        out.leave_when_cut(program.body)
    out.branch(out.exit)
    out.start(out.exit)
    out.line("ret void")


def frame_constant(body: ir.Body) -> str:
    """The global that holds a frame's content at the start of a call; empty when that is all zero."""
    if not any(body.frame):
        return ""
    content = "".join(f"\\{byte:02X}" for byte in body.frame)
    return f'@"frame.{body.name}" = internal unnamed_addr constant [{len(body.frame)} x i8] c"{content}", align 8'


def _emit_frame(out: BodyWriter, body: ir.Body) -> None:
    size = len(body.frame)
    out.line(f"%frame = alloca [{size} x i8], align 8")
    if any(body.frame):
        out.line(
            f'call void @llvm.memcpy.p0.p0.i64(ptr align 8 %frame, ptr align 8 @"frame.{body.name}", '
            f"i64 {size}, i1 false)"
        )
    else:
        out.line(f"call void @llvm.memset.p0.i64(ptr align 8 %frame, i8 0, i64 {size}, i1 false)")
    for i, parameter in enumerate(body.values):
        pointer = out.temp(f"getelementptr inbounds i8, ptr %frame, i64 {parameter.offset}")
        places.store_at(out, parameter.type, f"%value{i}", pointer)
