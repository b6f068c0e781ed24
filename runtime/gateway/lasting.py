"""What outlives the engines of an online change."""

from dataclasses import dataclass

from runtime.gateway.audience import Audience
from runtime.gateway.eventring import EventRing
from runtime.gateway.scada_server import ScadaServer
from runtime.gateway.scanwatch import ScanWatch


@dataclass(frozen=True, slots=True)
class Lasting:
    """Who listens, the SCADA server with its connections, and whether scans come (the base cycle stays the same)."""

    audience: Audience
    scada: ScadaServer
    watch: ScanWatch

    @classmethod
    def of(cls, *, cycle_ns: int, first_event_id: int) -> "Lasting":
        """For the first engine of a gateway."""
        return cls(Audience(EventRing(first_id=first_event_id)), ScadaServer(), ScanWatch(cycle_ns))
