"""Page 5: battery racks, inverter and meters with all their readings, and what io has counted of each device."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hmi.feed import Feed
from hmi.model import Model
from hmi.pages.page import Page
from hmi.widgets.device_table import AC, RACK, DeviceTable
from hmi.widgets.io_counts import IoCounts

FRAME_AND_HEADER_ROWS = 3
POLL_S = 1.0
"""How often the counts are asked for while this page is open: io tells them as often."""


class DevicesPage(Page, can_focus=True):
    """Tables by kind of device. Values are sent by the gateway only while this page is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", "Up", show=False),
        Binding("down", "scroll_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
    ]

    def __init__(self, model: Model, feed: Feed, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model
        self._feed = feed

    def compose(self) -> ComposeResult:
        """Racks, then what is on the AC side."""
        yield DeviceTable(self._model, RACK, title="Battery racks", telling=("cell_u_min_mv",), id="racks")
        yield DeviceTable(self._model, AC, title="Meters and inverter", telling=("e_import_kwh", "dc_u_v"), id="ac")
        yield IoCounts(self._model, id="io-counts", classes="panel")

    def on_mount(self) -> None:
        """Each table is as high as its rows."""
        for table in self.query(DeviceTable):
            table.styles.height = len(table.quantities) + FRAME_AND_HEADER_ROWS
        self._timer = self.set_interval(POLL_S, self._poll, pause=True)

    def opened(self) -> None:
        """Have values sent, and ask for the counts."""
        self._feed.want_tags(True)
        self._poll()
        self._timer.resume()
        self.focus()

    def left(self) -> None:
        """Nobody looks at values any more."""
        self._timer.pause()
        self._feed.want_tags(False)
        self._model.forget_readings()

    def _poll(self) -> None:
        self.run_worker(self._feed.poll_io(), exclusive=True, group="io")
