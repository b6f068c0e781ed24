"""What outlives the engines of an online change."""

import time
from dataclasses import dataclass
from pathlib import Path

from runtime.commands.remembered import Memory
from runtime.gateway.audience import Audience
from runtime.gateway.events.eventring import EventRing
from runtime.gateway.faults.keptfaults import FAULT_FILE, KeptFaults
from runtime.gateway.scada.server import ScadaServer
from runtime.gateway.view.scanwatch import ScanWatch
from runtime.gateway.writes.agreement import Agreement
from runtime.gateway.writes.commandjournal import JOURNAL, CommandJournal


@dataclass(frozen=True, slots=True)
class Lasting:
    """Who listens, the SCADA server with its connections, whether scans come (the base cycle stays the same), the fault
    log and what has been submitted (files leave both to the next gateway too), and the way to the redundancy process
    of a pair, None without one."""

    audience: Audience
    scada: ScadaServer
    watch: ScanWatch
    faults: KeptFaults
    submitted: Memory
    journal: CommandJournal
    agreement: Agreement | None

    @classmethod
    def of(
        cls, run_dir: Path, state_dir: Path, *, cycle_ns: int, started_wall_ns: int, term: int, pair: bool
    ) -> "Lasting":
        """For the first engine of a gateway; `term` is the boot count."""
        # Ids of events: above all of a gateway before this one.
        audience = Audience(EventRing(first_id=started_wall_ns // 1_000_000))

        def tell(text: str) -> None:
            audience.unpublished.append(audience.ring.add("warning", "gateway", text, time.time_ns()))

        memory = Memory()
        journal = CommandJournal(run_dir / JOURNAL, memory, tell)
        journal.restore(time.monotonic_ns(), are_agreed=pair)
        faults = KeptFaults(state_dir / FAULT_FILE, term=term, tell=tell)
        faults.restore()
        agreement = Agreement(run_dir) if pair else None
        return cls(audience, ScadaServer(), ScanWatch(cycle_ns), faults, memory, journal, agreement)

    async def close(self) -> None:
        """After the last engine."""
        await self.scada.close()
        self.journal.close()
        await self.faults.settle()
