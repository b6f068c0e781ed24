"""The last events of a controller, numbered, for those who come later."""

from collections import deque

from runtime.wire.messages import Event, EventSource, Severity

EVENTS_MAX = 1_000
"""Kept for a client that connects later; the oldest go first."""
TEXT_MAX = 2_000
"""Characters of one event's text; longer ones are cut."""


class EventRing:
    """Events in order. `first_id`: choose it above all ids of a gateway before this one."""

    def __init__(self, first_id: int = 1) -> None:
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._next_id = first_id

    def add(self, severity: Severity, source: EventSource, text: str, t_wall_ns: int) -> Event:
        """Number an event and keep it."""
        event = Event(id=self._next_id, t_wall_ns=t_wall_ns, severity=severity, source=source, text=text[:TEXT_MAX])
        self._next_id += 1
        self._events.append(event)
        return event

    def since(self, event_id: int) -> list[Event]:
        """The events after that id, the oldest first."""
        return [event for event in self._events if event["id"] > event_id]
