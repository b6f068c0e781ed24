"""How much the console costs: percent of a core and bytes to the terminal, page by page, against a made-up gateway.

    python tools/hmi_load.py [--tags 200] [--hz 10] [--seconds 8] [--size 120x45]

A process of its own plays the gateway on the real sockets: status and all tags at the given rate, every value moving.
The console runs on a pseudo-terminal; its processor time is read from /proc.
"""

import argparse
import fcntl
import itertools
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

import zmq

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "hmi"))

from synthetic_site import EVENTS, STATS, status_frame, tags, tags_frame  # noqa: E402 (path set above)

from runtime.wire.endpoints import endpoints  # noqa: E402
from runtime.wire.messages import decode_request, encode, encode_result  # noqa: E402

PAGES = (("1", "Overview"), ("2", "Tags"), ("3", "Scan"), ("4", "Events"), ("5", "Devices"))
SETTLE_S = 2.0


def serve(run: Path, *, tag_count: int, hz: float) -> None:
    """Play the gateway until killed."""
    context, where = zmq.Context(), endpoints(run)
    stream, router = context.socket(zmq.XPUB), context.socket(zmq.ROUTER)
    stream.bind(where.stream)
    router.bind(where.request)
    infos = tags(max(0, tag_count - len(tags())))
    answers = {"hello": {"site": "demo"}, "tags": {"tags": infos}, "events": {"events": EVENTS}, "stats": STATS}
    start_ns = time.monotonic_ns()
    for frame in itertools.count(1):
        seconds = 300 + (time.monotonic_ns() - start_ns) / 1e9
        body = status_frame(int(seconds)) | {"t_wall_ns": time.time_ns(), "scan_no": frame * 10}
        stream.send_multipart([b"status", encode(body)])
        stream.send_multipart([b"tags", encode(tags_frame(infos, seconds))])
        rest_ms = max(1, int((start_ns + frame * 1e9 / hz - time.monotonic_ns()) / 1e6))
        while router.poll(rest_ms):
            peer, raw = router.recv_multipart()
            request = decode_request(raw)
            router.send_multipart([peer, encode_result(request["id"], answers.get(request["op"], {}))])
            rest_ms = max(1, int((start_ns + frame * 1e9 / hz - time.monotonic_ns()) / 1e6))


def processor_s(pid: int) -> float:
    """User and system time of a process so far (proc(5), stat fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Terminal:
    """The console on a pseudo-terminal; counts what it writes."""

    def __init__(self, run: Path, *, columns: int, rows: int) -> None:
        self.written = 0
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, [sys.executable, "-m", "runtime.cli", "hmi", str(run)])
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)
        threading.Thread(target=self._drain, daemon=True).start()

    def press(self, key: str) -> None:
        """Type a key."""
        os.write(self._fd, key.encode())

    def close(self) -> None:
        """Quit as an operator does."""
        self.press("q")
        os.waitpid(self.pid, 0)

    def _drain(self) -> None:
        while True:
            try:
                self.written += len(os.read(self._fd, 65536))
            except OSError:
                return  # the console has ended


def measure(run: Path, *, seconds: float, size: str) -> None:
    """Print a line a page."""
    columns, rows = (int(part) for part in size.split("x"))
    terminal = Terminal(run, columns=columns, rows=rows)
    time.sleep(2 * SETTLE_S)
    print(f"{'page':<10} {'% of a core':>12} {'kB/s to the terminal':>22}")
    for key, page in PAGES:
        terminal.press(key)
        time.sleep(SETTLE_S)
        used_s, written, start_ns = processor_s(terminal.pid), terminal.written, time.monotonic_ns()
        time.sleep(seconds)
        elapsed_s = (time.monotonic_ns() - start_ns) / 1e9
        share_pct = (processor_s(terminal.pid) - used_s) / elapsed_s * 100
        print(f"{page:<10} {share_pct:>12.1f} {(terminal.written - written) / elapsed_s / 1000:>22.1f}", flush=True)
    terminal.close()


def main() -> None:
    """Serve in a child, measure here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tags", type=int, default=200)
    parser.add_argument("--hz", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--size", default="120x45")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.serve is not None:
        serve(told.serve, tag_count=told.tags, hz=told.hz)
        return
    with tempfile.TemporaryDirectory(prefix="hmi-") as run:
        command = [sys.executable, __file__, "--serve", run, "--tags", str(told.tags), "--hz", str(told.hz)]
        gateway = subprocess.Popen(command)
        try:
            measure(Path(run), seconds=told.seconds, size=told.size)
        finally:
            gateway.terminate()
            gateway.wait()


if __name__ == "__main__":
    main()
