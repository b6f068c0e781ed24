"""Object code of an application, compiled at most once: an unchanged site starts from the cache."""

import llvmlite
from llvmlite import binding

from runtime.core.objectcache import ObjectCache, content_key
from runtime.lang.application import Application
from runtime.lang.llvm import target
from runtime.lang.llvm.compile import SPEED_LEVEL, compile_text
from runtime.lang.llvm.module import emit_module

ABI_VERSION = 1
"""Raised when the meaning of application memory or of a task's function changes without a trace in the emitted text."""


def object_code_for(
    app: Application, cache: ObjectCache, *, triple: str | None = None, cpu: str = target.GENERIC_CPU
) -> bytes:
    """The application's object code: from the cache, or compiled (and kept) when that has none or a damaged one.

    The key covers everything that decides the object: the text that LLVM is given (which holds the whole IR and the
    layout that code sees), LLVM itself, and the target. Raises ProgramFault as compile_object does, OSError when the
    cache cannot be written.
    """
    text, triple = emit_module(app), triple or target.host_triple()
    llvm = ".".join(str(part) for part in binding.llvm_version_info)
    key = content_key("application", str(ABI_VERSION), llvmlite.__version__, llvm, triple, cpu, str(SPEED_LEVEL), text)
    found = cache.get(key)
    if found is None:
        found = compile_text(text, triple=triple, cpu=cpu)
        cache.put(key, found)
    return found
