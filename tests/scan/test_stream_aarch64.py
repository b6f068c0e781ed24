"""Copying past the caches, as aarch64 code under emulation: the bytes asked for, and no other.

Marked: it needs an emulator and a cross compiler (`make test-aarch64` says which).
"""

import shutil
import subprocess

import pytest
from llvmlite import binding

from runtime.image.emit import I64, PTR, Code
from runtime.scan.phases.stream import write_stream

pytestmark = pytest.mark.aarch64

COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
DRIVER = """\
#include <string.h>
void vs_stream(unsigned char *target, const unsigned char *source, long start, long end);
static unsigned char target[1024] __attribute__((aligned(64))), source[1024] __attribute__((aligned(64)));
int main(void)
{
    for (int i = 0; i < 1024; i++) source[i] = 1 + i % 251;
    for (long start = 0; start < 200; start += 1 + start % 7)
        for (long end = start; end <= 1024; end += 1 + end % 13) {
            memset(target, 0, sizeof target);
            vs_stream(target, source, start, end);
            for (long i = 0; i < 1024; i++)
                if (target[i] != (i >= start && i < end ? source[i] : 0)) return 1;
        }
    return 0;
}
"""


def test_stream_when_run_as_aarch64_code_then_the_bytes_asked_for_are_copied_and_no_others(tmp_path):
    for tool in (COMPILER, EMULATOR):
        assert shutil.which(tool), f"{tool} is missing"
    code = Code("stream")
    write_stream(code)
    with code.routine("vs_stream", exported=True, target=PTR, source=PTR, start=I64, end=I64) as r:
        r.call(code["stream_out"], r["target"], r["source"], r["start"], r["end"])
        r.fence("seq_cst")
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple("aarch64-unknown-linux-gnu").create_target_machine(opt=2)
    module = binding.parse_assembly(code.text())
    passes = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    assert "stnp" in machine.emit_assembly(module), "stores that pass by the caches"
    (tmp_path / "stream.o").write_bytes(machine.emit_object(module))
    (tmp_path / "driver.c").write_text(DRIVER)
    program = tmp_path / "program"
    sources = (tmp_path / "driver.c", tmp_path / "stream.o")
    subprocess.run([COMPILER, "-O1", "-Wall", "-Werror", "-static", *sources, "-o", program], check=True)
    assert subprocess.run([EMULATOR, program], check=False).returncode == 0
