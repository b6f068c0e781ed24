"""Code emitted for aarch64, run on this machine by qemu's user-mode emulation: a machine like the others."""

import shutil
import struct
import subprocess
from pathlib import Path

from runtime.core.elementary import LREAL, REAL
from runtime.lang import libm
from runtime.lang.application import Application
from runtime.lang.llvm import compile_object

TRIPLE = "aarch64-unknown-linux-gnu"
COMPILER = "aarch64-linux-gnu-gcc"
EMULATOR = "qemu-aarch64"
PACKAGES = "qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
DRIVER = Path(__file__).with_name("emulated_driver.c")

_SINGLE = 64
_FUNCTIONS = sorted(libm.FUNCTION_NAMES)
_QUESTION = struct.Struct("<dd")


def missing() -> str:
    """What to install where something is missing; empty when all is there."""
    if shutil.which(COMPILER) and shutil.which(EMULATOR):
        return ""
    return f"needs {COMPILER} and {EMULATOR}; on Debian: apt-get install {PACKAGES}"


def build_driver(folder: Path) -> Path:
    """The driver's object; once for any number of programs."""
    made = folder / "driver.o"
    subprocess.run([COMPILER, "-O1", "-Wall", "-Werror", "-c", DRIVER, "-o", made], check=True)
    return made


class Emulated:
    """A `Machine` whose tasks run as aarch64 code in a process of the emulator; to be closed."""

    def __init__(self, app: Application, driver: Path) -> None:
        self.app = app
        self.memory = bytearray(app.initial)
        code, program = driver.with_name("program.o"), driver.with_name("program")
        code.write_bytes(compile_object(app, triple=TRIPLE))
        subprocess.run([COMPILER, "-static", driver, code, "-o", program], check=True)
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([EMULATOR, program], stdin=pipe, stdout=pipe)
        self._send(struct.pack("<Q", len(self.memory)))

    def run_task(self, i: int) -> None:
        """Hand memory over, answer questions for functions of libm, take memory back."""
        self._send(struct.pack("<Q", i) + self.memory)
        while True:
            kind, function = self._receive(8)[:2]
            if kind == ord("d"):
                self.memory[:] = self._receive(len(self.memory))
                return
            self._answer(function)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _answer(self, function: int) -> None:
        name, type_ = _FUNCTIONS[function % _SINGLE], REAL if function >= _SINGLE else LREAL
        arguments = _QUESTION.unpack(self._receive(_QUESTION.size))[: libm.argument_count(name)]
        self._send(struct.pack("<d", libm.function(name, type_)(*arguments)))

    def _send(self, content: bytes | bytearray) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(content)
        self._process.stdin.flush()

    def _receive(self, size: int) -> bytes:
        assert self._process.stdout is not None
        content = self._process.stdout.read(size)
        assert len(content) == size, f"the emulated program ended with exit code {self._process.wait()}"
        return content
