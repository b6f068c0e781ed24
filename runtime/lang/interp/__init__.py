"""The reference interpreter: executes the IR plainly, for tests, debugging and machines without LLVM."""

from runtime.lang.interp.interpreter import Interpreter

__all__ = ["Interpreter"]
