"""A SunSpec device that nobody here wrote: registers encoded by pysunspec2, served by pymodbus."""

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sunspec2
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from sunspec2.device import Model
from sunspec2.device import get_model_def as model_def

RECORDED = Path(sunspec2.__file__).parent / "tests" / "test_data"

HYBRID = {
    1: {"Mn": "Example", "Md": "Hybrid 5", "Vr": "1.02", "SN": "SN-0001"},
    103: {
        "A": 217, "AphA": 72, "AphB": 73, "AphC": 72, "A_SF": -1, "V_SF": -1, "PhVphA": 2304, "PhVphB": 2301,
        "PhVphC": 2298, "W": -498, "W_SF": 1, "Hz": 4998, "Hz_SF": -2, "VA": 500, "VA_SF": 1, "VAr": 12, "VAr_SF": 0,
        "PF": -995, "PF_SF": -1, "WH": 123_456_789, "WH_SF": 0, "DCA": 123, "DCA_SF": -1, "DCV": 7801, "DCV_SF": -1,
        "DCW": -501, "DCW_SF": 1, "TmpCab": -55, "Tmp_SF": -1, "St": 4, "Evt1": 0x8000_0001, "Evt2": 0,
    },
    123: {"Conn": 1, "WMaxLimPct": 1000, "WMaxLim_Ena": 0, "WMaxLimPct_SF": -1, "OutPFSet": 100, "OutPFSet_SF": -2},
    160: {"DCA_SF": -2, "DCV_SF": -1, "DCW_SF": 0, "DCWH_SF": 0, "N": 2, "module": [
        {"ID": 1, "DCA": 512, "DCV": 6100, "DCW": 3123, "DCWH": 1000},
        {"ID": 2, "DCA": 498, "DCV": 6050, "DCW": 3013, "DCWH": 2000},
    ]},
    203: {
        "A": -13, "AphA": -5, "AphB": 4, "AphC": -12, "A_SF": -1, "PhV": 2300, "PhVphA": 2301, "V_SF": -1,
        "Hz": 500, "Hz_SF": -1, "W": -1234, "WphA": -400, "WphB": -434, "WphC": -400, "W_SF": 0, "VA": 1300,
        "VA_SF": 0, "VAR": 77, "VAR_SF": 0, "PF": 98, "PF_SF": -2, "TotWhExp": 5000, "TotWhImp": 9000, "TotWh_SF": 1,
    },
    802: {
        "AHRtg": 200, "AHRtg_SF": 0, "WHRtg": 1000, "WHRtg_SF": 2, "SoC": 505, "SoC_SF": -1, "SoH": 99, "SoH_SF": 0,
        "NCyc": 70_000, "Hb": 7, "CtrlHb": 6, "AlmRst": 0, "State": 3, "Evt1": 0, "V": 8012, "V_SF": -1, "CellV_SF": -3,
        "CellVMax": 3345, "CellVMin": 3301, "A": -250, "A_SF": -1, "AChaMax": 1500, "ADisChaMax": 1600, "AMax_SF": -1,
        "W": -20, "W_SF": 3, "SetOp": 1,
    },
}  # fmt: skip


def hybrid() -> list[Model]:
    """Inverter, two strings of PV, meter and battery in one device."""
    made = []
    for model_id, values in HYBRID.items():
        model = Model(model_id=model_id, data=values)
        assert not model.error_info, model.error_info
        model.set_dict(values)
        made.append(model)
    return made


def pv() -> list[Model]:
    """The inverter of the same device with a nameplate that says: PV, no storage."""
    models = [Model(model_id=model_id, data=HYBRID[model_id]) for model_id in (1, 103)]
    return [*models, Model(model_id=120, data={"DERTyp": 4, "WRtg": 5000, "WRtg_SF": 0})]


def filled(model_id: int) -> list[Model]:
    """A device with one model more, every point of it a number of its own, two of each repeated group."""
    definition = model_def(model_id)["group"]
    counts = set(_counts(definition))
    model = Model(model_id=model_id, data=_values(definition, counts, itertools.count(1)))
    assert not model.error_info, model.error_info
    return [Model(model_id=1, data=HYBRID[1]), model]


def _counts(group: dict[str, Any]) -> Iterator[str]:
    """The points that tell how often a group is repeated."""
    if isinstance(group.get("count"), str):
        yield group["count"]
    for inner in group.get("groups", []):
        yield from _counts(inner)


def _values(group: dict[str, Any], counts: set[str], numbers: Iterator[int]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for point in group["points"]:
        if point["name"] not in ("ID", "L") and point["type"] != "pad":
            made[point["name"]] = 2 if point["name"] in counts else _value(point, next(numbers))
    for inner in group.get("groups", []):
        repeated = inner.get("count", 1)
        many = 2 if repeated == 0 or isinstance(repeated, str) else repeated
        all_of_them = [_values(inner, counts, numbers) for _ in range(many)]
        made[inner["name"]] = all_of_them if repeated != 1 else all_of_them[0]
    return made


def _value(point: dict[str, Any], number: int) -> Any:
    if point["name"] in ("AlmRst", "SetOp"):
        return 1  # orders, which are read as TRUE
    match point["type"]:
        case "string":
            return "text"
        case "sunssf":
            return -(number % 4)
        case "enum16" | "enum32":
            return point["symbols"][number % len(point["symbols"])]["value"] if point.get("symbols") else number % 7
        case "bitfield16" | "bitfield32":
            return 1 << number % 15
        case "int16" | "int32" | "int64":
            return (-1) ** number * (100 * number + 7)
        case "float32" | "float64":
            return 0.5 * number
    return 100 * number + 7


def recorded(name: str) -> list[Model]:
    """A device of pysunspec2's own tests."""
    told = json.loads((RECORDED / name).read_text())
    return [Model(model_id=values["ID"], data=values) for values in told["models"]]


def words_of(models: list[Model]) -> list[int]:
    """All registers from the mark to the end."""
    words = [0x5375, 0x6E53]
    for model in models:
        packed = model.get_mb()
        words += [int.from_bytes(packed[at : at + 2], "big") for at in range(0, len(packed), 2)]
    return [*words, 0xFFFF, 0]


@contextmanager
def served(words: list[int], *, base: int, unit: int = 1) -> Iterator[int]:
    """Served over Modbus TCP on loopback; the port."""
    started, stop = threading.Event(), threading.Event()
    port = [0]

    async def serve() -> None:
        data = SimData(base, values=words, datatype=DataType.REGISTERS)
        server = ModbusTcpServer(SimDevice(unit, simdata=[data]), address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        port[0] = server.transport.sockets[0].getsockname()[1]
        started.set()
        await asyncio.to_thread(stop.wait)
        await server.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(10)
        yield port[0]
    finally:
        stop.set()
        thread.join()


def scheduled() -> list[Model]:
    """A device whose scale factors stand in a repeated group (model 133)."""
    points = {"ActIndx": 1, "ActPts": 2, "StrTms": 600_000_000, "RepPer": 60, "SchdTyp": 1, "XTyp": 1, "X_SF": 0}
    first = points | {"Y_SF": -2, "YTyp": 1, "X1": 100, "Y1": 25}
    second = points | {"Y_SF": -1, "YTyp": 1, "X1": 300, "Y1": -25}
    schedules = {"ActSchd": 1, "ModEna": 1, "NSchd": 2, "NPts": 10, "repeating": [first, second]}
    return [Model(model_id=1, data=HYBRID[1]), Model(model_id=133, data=schedules)]
