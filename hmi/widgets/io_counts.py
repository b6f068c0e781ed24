"""What io has counted since it started: a row a device, then a row a CAN bus with its error counters."""

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, NORMAL, STRONG, ink
from hmi.widgets.live import Live
from runtime.wire.iofigures import BusFigures, DeviceFigures, bus_state

DEVICE_HEAD = ("requests", "errors", "round trip")
BUS_HEAD = ("error frames", "bus-off", "restarts", "overflows", "tx errors", "rx errors")
NAME_WIDTH = 34
FIGURE_WIDTH = 13
FRAME_ROWS = 2


class IoCounts(Live):
    """As high as it has rows."""

    BORDER_TITLE = "I/O"
    FADES = True

    def redraw(self) -> None:
        """See Live."""
        told = self.model.io
        if told is not None:
            bus_rows = len(told["buses"]) + 1 if told["buses"] else 0
            self.styles.height = FRAME_ROWS + 1 + len(told["devices"]) + bus_rows
        super().redraw()

    def paint(self, canvas: Canvas) -> None:
        """Devices, then buses."""
        told = self.model.io
        if told is None:
            canvas.put(1, 0, "io has not told its counts yet", DIM)
            return
        self._head(canvas, 0, DEVICE_HEAD)
        for y, device in enumerate(told["devices"], 1):
            self._device(canvas, y, device)
        below = len(told["devices"]) + 1
        if told["buses"]:
            self._head(canvas, below, BUS_HEAD)
        for y, bus in enumerate(told["buses"], below + 1):
            self._bus(canvas, y, bus)

    def _head(self, canvas: Canvas, y: int, words: tuple[str, ...]) -> None:
        for place, word in enumerate(words, 1):
            canvas.put_right(NAME_WIDTH + place * FIGURE_WIDTH, y, word, DIM)

    def _device(self, canvas: Canvas, y: int, device: DeviceFigures) -> None:
        mark, style = ("●", NORMAL) if device["connected"] else ("✗", ink(palette.ALARM))
        canvas.put(1, y, f"{mark} {device['name']} ({device['link']})", style)
        trip = wording.duration(device["round_trip_ns"]) if device["round_trip_ns"] else wording.NOTHING
        for place, text in enumerate((str(device["requests"]), str(device["errors"]), trip), 1):
            canvas.put_right(NAME_WIDTH + place * FIGURE_WIDTH, y, text, STRONG if place == 1 else NORMAL)

    def _bus(self, canvas: Canvas, y: int, bus: BusFigures) -> None:
        sound = not (bus["off"] or bus["passive"])
        canvas.put(1, y, f"{bus['link']}: {bus_state(bus)}", NORMAL if sound else ink(palette.ALARM))
        counts = (
            bus["error_frames"],
            bus["bus_off_count"],
            bus["restarts"],
            bus["overflows"],
            bus["tx_errors"],
            bus["rx_errors"],
        )
        for place, count in enumerate(counts, 1):
            canvas.put_right(NAME_WIDTH + place * FIGURE_WIDTH, y, str(count), NORMAL)
