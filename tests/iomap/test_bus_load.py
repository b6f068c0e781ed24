"""What a Modbus link carries: reads, refreshes and heartbeats, against sums by hand."""

from dataclasses import replace

import pytest

from runtime.iomap.kinds.modbus.busload import link_load
from runtime.iomap.plan.plan import DevicePlan, Heartbeat, OutputPoint, ReadRequest, WritePolicy
from runtime.iomap.wire import ModbusWire, Numeric, RawType, Table

S = 1_000_000_000
NUMBER = Numeric(bits=32, signed=False, floating=True)
WIRE = ModbusWire(table=Table.HOLDING, address=0, type=RawType.F32, number=NUMBER)
READ = ReadRequest(group="g", table=Table.HOLDING, address=0, count=20, period_ns=S // 5, entries=())
SETPOINT = OutputPoint(
    name="p", tag="x_1.p", type_name="REAL", entry=0, wire=WIRE, fail_safe=0.0, policy=WritePolicy(refresh_ns=S // 2)
)
BEAT = Heartbeat(point="h", wire=WIRE, kind="up", period_ns=S, minimum=0, maximum=9)
CHAR_S = 11 / 9600
TURN_S = 0.007
"""Network and device."""


@pytest.mark.parametrize(
    ("parts", "baud", "load"),
    [
        ({"reads": (READ,)}, 0, 5 * 0.002),
        ({"reads": (READ,)}, 9600, 5 * (TURN_S + 67 * CHAR_S)),
        ({"outputs": (SETPOINT,)}, 9600, 2 * (TURN_S + 31 * CHAR_S)),
        ({"outputs": (replace(SETPOINT, policy=WritePolicy()),)}, 9600, 0.0),
        ({"heartbeats": (BEAT,)}, 9600, TURN_S + 31 * CHAR_S),
        ({"reads": (READ,), "outputs": (SETPOINT,), "heartbeats": (BEAT,)}, 0, 8 * 0.002),
        ({"served": True, "outputs": (SETPOINT,)}, 9600, 0.0),
    ],
)
def test_link_when_read_refreshed_and_beaten_then_all_of_it_counts(
    parts: dict[str, object], baud: int, load: float
) -> None:
    plan = replace(DevicePlan(name="x_1", profile="x", nature="sensor", served=False), **parts)  # type: ignore[arg-type]
    assert link_load([plan], serial_baud=baud) == pytest.approx(load)
