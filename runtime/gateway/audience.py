"""Who listens to a gateway, and what they have been told: it outlives the engines of an online change."""

from dataclasses import dataclass, field

from runtime.gateway.events.eventring import EventRing
from runtime.wire.messages import Event


@dataclass(slots=True)
class Audience:
    """Events in order, the topics that clients subscribed, and the events that have not been published yet."""

    ring: EventRing
    subscribed: set[bytes] = field(default_factory=set)
    unpublished: list[Event] = field(default_factory=list)
