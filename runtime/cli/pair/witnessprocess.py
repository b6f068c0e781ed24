"""The process of a witness: `python -m runtime.cli.pair.witnessprocess FD`, with its plan to read from that descriptor.

It imports neither what parses a command line nor what checks a file, and stays below 40 MB.
"""

import os
import signal
import sys

from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.witness import Witness
from runtime.core.fault import PlcFault
from runtime.node.host.servicemanager import ServiceManager

PRIORITY = 70
"""That of a controller's redundancy process where its scan has the default."""
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run until asked to stop; a fault is printed, and ends with code 1."""
    with os.fdopen(int(sys.argv[1]), encoding="utf-8") as file:
        plan = MemberPlan.of_json(file.read())
    service = ServiceManager(os.environ, pid=os.getpid())
    try:
        _run(plan, service)
    except PlcFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        sys.exit(1)
    finally:
        service.close()


def _run(plan: MemberPlan, service: ServiceManager) -> None:
    def tell(text: str) -> None:
        print(f"{plan.name}: {text}", flush=True)
        service.status(text)

    if not _hurry():  # before the threads of ZeroMQ and the disk, which take it over
        tell("has no real-time priority (SCHED_FIFO), so its votes may come late; add `LimitRTPRIO=98` to its unit")
    witness = Witness(
        plan, log=tell, each_turn=lambda status, now_ns: service.tick(now_ns, goes_on=True, status=status)
    )
    for number in _STOPS:
        signal.signal(number, lambda *_: witness.loop.stop())
    tell(f"runs for group {plan.group}, process {os.getpid()}")
    witness.loop.run()
    service.stopping()
    witness.close()
    tell("stopped")


def _hurry() -> bool:
    """Priority over all that is not punctual: outputs stand still while a vote waits for a processor."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except PermissionError:
        return False
    return True


if __name__ == "__main__":
    main()
