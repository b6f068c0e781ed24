"""Object code of an application, compiled at most once: an unchanged site starts from the cache."""

import llvmlite
from llvmlite import binding

from runtime.core.objectcache import ObjectCache, content_key
from runtime.lang.application import Application
from runtime.lang.llvm import target

ABI_VERSION = 1
"""Raised when the meaning of application memory or of a task's function changes without a trace in the emitted text."""


def object_code_for(
    app: Application, cache: ObjectCache, *, triple: str | None = None, cpu: str = target.GENERIC_CPU
) -> bytes:
    """The application's object code: from the cache, or compiled (and kept) when that has none or a damaged one.

    The key covers everything that decides the object: the text that LLVM is given (which holds the whole IR and the
    layout that code sees), LLVM itself, and the target. Where the sources are known, a second entry says which key
    belongs to them, so that nothing is emitted. Raises ProgramFault as compile_object does, OSError when the cache
    cannot be written.
    """
    triple = triple or target.host_triple()
    llvm = ".".join(str(part) for part in binding.llvm_version_info)
    tools = (str(ABI_VERSION), llvmlite.__version__, llvm, triple, cpu)
    by_source = content_key("by source", app.source_key, *tools)
    known = cache.get(by_source) if app.source_key else None
    found = cache.get(known.decode()) if known is not None else None
    if found is not None:
        return found
    from runtime.lang.llvm.compile import SPEED_LEVEL, compile_text  # what a cached start need not import
    from runtime.lang.llvm.module import emit_module

    text = emit_module(app)
    key = content_key("application", *tools, str(SPEED_LEVEL), text)
    found = cache.get(key)
    if found is None:
        found = compile_text(text, triple=triple, cpu=cpu)
        cache.put(key, found)
    if app.source_key:
        cache.put(by_source, key.encode())
    return found
