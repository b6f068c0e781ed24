"""A client that answers from a script."""

from typing import Any


class Scripted:
    """Answers each operation from a table; remembers what was asked."""

    name = "cli-test"
    site = "demo"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def request(self, op: str, **fields: Any) -> dict[str, Any]:
        self.asked.append((op, fields))
        answer = self.answers[op]
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def write(self, name: str, value: Any) -> dict[str, Any]:
        return self.request("write", name=name, value=value)

    def command(self, name: str, value: Any, *, ttl_ms: int) -> dict[str, Any]:
        return self.request("command", name=name, value=value, ttl_ms=ttl_ms)


IO: dict[str, Any] = {
    "t_ns": 90_000_000_000,
    "age_ms": 400,
    "devices": [
        {
            "name": "meter_1", "link": "meters", "connected": True, "requests": 70, "errors": 2,
            "round_trip_ns": 1_500_000, "good_ns": 89_900_000_000,
        },
        {
            "name": "battery_1", "link": "racks", "connected": False, "requests": 9, "errors": 1,
            "round_trip_ns": 0, "good_ns": 0,
        },
    ],
    "buses": [
        {
            "link": "racks", "error_frames": 12, "bus_off_count": 1, "restarts": 1, "overflows": 0,
            "tx_errors": 136, "rx_errors": 3, "passive": True, "off": False,
        },
    ],
}  # fmt: skip
"""What io may have counted."""
