"""The native back end: emits LLVM IR for an application and compiles it to object code."""

from runtime.lang.llvm.compile import compile_object

__all__ = ["compile_object"]
