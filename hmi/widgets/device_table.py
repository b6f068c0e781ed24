"""Devices of one kind side by side: a row a quantity, a column a device, every reading with its quality."""

from dataclasses import dataclass

from rich.style import Style

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.model import Model
from hmi.palette import DIM, NORMAL, STRONG, ink
from hmi.status import number_of
from hmi.widgets.live import Live
from runtime.core.quality import Quality

LABEL_WIDTH = 15
COLUMN_WIDTH_MAX = 30


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row: a label with its unit, and fields of a device joined by `between`."""

    label: str
    fields: tuple[str, ...]
    unit: str = ""
    digits: int = 1
    between: str = " "


_PHASES = ("l1", "l2", "l3")
AC = (
    Quantity("Power", ("p_kw",), "kW", 2),
    Quantity("Reactive", ("q_kvar",), "kvar", 2),
    Quantity("Voltage", tuple(f"u_{phase}_v" for phase in _PHASES), "V"),
    Quantity("Current", tuple(f"i_{phase}_a" for phase in _PHASES), "A"),
    Quantity("Frequency", ("f_hz",), "Hz", 3),
    Quantity("Imp / Exp", ("e_import_kwh", "e_export_kwh"), "kWh", 1, " / "),
    Quantity("Status", ("node_status", "running"), "", 0),
    Quantity("DC side", ("dc_u_v", "dc_i_a"), "V A", 1, " / "),
    Quantity("IGBT", ("t_igbt_c",), "°C"),
    Quantity("Errors", ("uc_error", "dsp_error"), "", 0, " / "),
)
"""Meters and inverters: per phase where there are three. A device without a field shows a dash."""
RACK = (
    Quantity("State", ("state",)),
    Quantity("SoC / SoH", ("soc_pct", "soh_pct"), "%", 1, " / "),
    Quantity("Voltage", ("u_v",), "V"),
    Quantity("Current", ("i_a",), "A"),
    Quantity("Cells", ("cell_u_min_mv", "cell_u_max_mv"), "mV", 0, " … "),
    Quantity("Cell temp.", ("cell_t_min_c", "cell_t_max_c"), "°C", 1, " … "),
    Quantity("Charge", ("charge_i_max_a", "charge_u_max_v"), "≤A ≤V", 1, " / "),
    Quantity("Dischg.", ("discharge_i_max_a", "discharge_u_min_v"), "≤A ≥V", 1, " / "),
    Quantity("Alarms", ("alarm_bits",), "", 0),
)
"""Battery racks: lowest … highest cell, limits in force."""


class DeviceTable(Live):
    """The devices that have all of the `telling` fields."""

    FADES = True

    def __init__(
        self, model: Model, quantities: tuple[Quantity, ...], *, title: str, telling: tuple[str, ...], id: str
    ) -> None:
        super().__init__(model, id=id, classes="panel")
        self.border_title = title
        self.quantities = quantities
        self._telling = telling

    @property
    def devices(self) -> list[str]:
        """Names of structures that have one of the telling fields, in the order of the tags."""
        found = [info.name.partition(".") for info in self.model.infos]
        return list(dict.fromkeys(name for name, _, field in found if field in self._telling))

    def paint(self, canvas: Canvas) -> None:
        """Header, then the quantities."""
        devices = self.devices
        if not devices:
            canvas.put(1, 0, "the controller has not told its tags yet", DIM)
            return
        width = min(COLUMN_WIDTH_MAX, max(12, (canvas.width - LABEL_WIDTH - 1) // len(devices)))
        for column, device in enumerate(devices):
            canvas.put(1 + LABEL_WIDTH + column * width, 0, device[: width - 2], ink(palette.GRID, bold=True))
        for y, quantity in enumerate(self.quantities, 1):
            canvas.put(1, y, quantity.label, DIM)
            canvas.put_right(LABEL_WIDTH - 1, y, quantity.unit, DIM)
            for column, device in enumerate(devices):
                text, style = self._cell(device, quantity)
                canvas.put(1 + LABEL_WIDTH + column * width, y, text[: width - 1], style)

    def _cell(self, device: str, quantity: Quantity) -> tuple[str, Style]:
        names = [f"{device}.{field}" for field in quantity.fields]
        known = [name for name in names if self.model.info(name)]
        if not known:
            return wording.NOTHING, DIM
        readings = [reading for name in known if (reading := self.model.reading_of(name))]
        if not readings:
            return "…", DIM
        text = quantity.between.join(self._figure(name, quantity.digits) for name in known)
        if any(reading.forced for reading in readings):
            text += " FORCED"
        worst = min(reading.quality for reading in readings)
        if worst is Quality.BAD:
            return f"✗ {text}", ink(palette.ALARM)
        if worst is Quality.UNCERTAIN:
            return f"◐ {text}", ink(palette.WARN)
        return text, STRONG if quantity.label in ("Power", "State") else NORMAL

    def _figure(self, name: str, digits: int) -> str:
        reading, info = self.model.reading_of(name), self.model.info(name)
        if reading is None or info is None:
            return wording.NOTHING
        if info.labels or isinstance(reading.value, bool) or info.type not in ("REAL", "LREAL"):
            return wording.value(reading.value, info.type)
        return wording.number(number_of(reading.value), digits)
