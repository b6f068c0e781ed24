"""Object code: made once by the code generator, kept in a cache, bound into this process.

Making needs LLVM's optimiser; binding needs only its linker, so that a process start costs a few milliseconds. The
cache key is the text of the sources that write the code: it is known without writing the code again.
"""

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
from llvmlite import binding

from runtime.core.objectcache import ObjectCache, content_key

OPTIMISATION = 2


def object_code(assembly: str) -> bytes:
    """Optimised object code for this machine's architecture (not its model: caches may be shared)."""
    machine = _target_machine()
    module = binding.parse_assembly(assembly)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=OPTIMISATION)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code


def cached_object_code(cache: ObjectCache | None, sources: tuple[Path, ...], write: Callable[[], str]) -> bytes:
    """What `object_code(write())` gives, from the cache if it was made before from the same `sources`."""
    if cache is None:
        return object_code(write())
    texts = [source.read_bytes() for source in sources]
    key = content_key(llvmlite.__version__, binding.get_default_triple(), str(OPTIMISATION), *texts)
    found = cache.get(key)
    if found is None:
        found = object_code(write())
        cache.put(key, found)
    return found


def native_cache(cache_dir: Path) -> ObjectCache:
    """The cache of everything that does not depend on a site, in a directory of its own below `cache_dir`."""
    return ObjectCache(cache_dir / "native")


class NativeCode:
    """Object code bound into this process. Keep it as long as any of its functions may be called."""

    def __init__(self, code: bytes) -> None:
        empty = binding.parse_assembly("")
        self._engine = binding.create_mcjit_compiler(empty, _target_machine())
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, symbol: str) -> int:
        """Where an exported function starts."""
        found: int = self._engine.get_function_address(symbol)
        assert found != 0, f"object code exports no {symbol}"
        return found

    def function(self, symbol: str, result: Any, *parameters: Any) -> Callable[..., Any]:
        """An exported function that is called with the GIL held: for calls shorter than handing it over."""
        return ctypes.PYFUNCTYPE(result, *parameters)(self.address(symbol))

    def long_function(self, symbol: str, result: Any, *parameters: Any) -> Callable[..., Any]:
        """An exported function that is called without the GIL."""
        return ctypes.CFUNCTYPE(result, *parameters)(self.address(symbol))


@functools.cache
def _initialise() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


def _target_machine() -> Any:
    """A new one each time: an engine takes the one it gets along when it dies."""
    _initialise()
    target = binding.Target.from_triple(binding.get_default_triple())
    return target.create_target_machine(opt=OPTIMISATION, codemodel="jitdefault", jit=True)
