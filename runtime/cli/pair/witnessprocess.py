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


if __name__ == "__main__":
    main()
