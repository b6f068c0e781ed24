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


def object_code(assembly: str, *, of_this_processor: bool = False) -> bytes:
    """Optimised object code for this machine's architecture, or for its very processor.

    Only code that moves data may be of this processor: what programs compute has the same bits everywhere.
    """
    machine = _target_machine(*(_processor() if of_this_processor else ("", "")))
    module = binding.parse_assembly(assembly)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=OPTIMISATION)
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code


def cached_object_code(
    cache: ObjectCache | None, sources: tuple[Path, ...], write: Callable[[], str], *, of_this_processor: bool = False
) -> bytes:
    """What `object_code(write())` gives, from the cache if it was made before from the same `sources`.

    A cache may be shared by machines with different processors.
    """
    if cache is None:
        return object_code(write(), of_this_processor=of_this_processor)
    texts = [source.read_bytes() for source in sources]
    processor = _processor() if of_this_processor else ()
    key = content_key(llvmlite.__version__, binding.get_default_triple(), str(OPTIMISATION), *processor, *texts)
    found = cache.get(key)
    if found is None:
        found = object_code(write(), of_this_processor=of_this_processor)
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


def _processor() -> tuple[str, str]:
    """Name and features of this machine's processor, as LLVM takes them; empty for one that it does not know."""
    try:
        return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    except RuntimeError:
        return "", ""


def _target_machine(cpu: str = "", features: str = "") -> Any:
    """A new one each time: an engine takes the one it gets along when it dies."""
    _initialise()
    target = binding.Target.from_triple(binding.get_default_triple())
    how = {"opt": OPTIMISATION, "codemodel": "jitdefault", "jit": True}
    return target.create_target_machine(cpu=cpu, features=features, **how)
