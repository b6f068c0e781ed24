"""Page 5: battery racks, inverter and meters with all their readings."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hmi.feed import Feed
from hmi.model import Model
from hmi.pages.page import Page
from hmi.widgets.device_table import AC, RACK, DeviceTable

FRAME_AND_HEADER_ROWS = 3


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

    def on_mount(self) -> None:
        """Each table is as high as its rows."""
        for table in self.query(DeviceTable):
            table.styles.height = len(table.quantities) + FRAME_AND_HEADER_ROWS

    def opened(self) -> None:
        """Have values sent."""
        self._feed.want_tags(True)
        self.focus()

    def left(self) -> None:
        """Nobody looks at values any more."""
        self._feed.want_tags(False)
        self._model.forget_readings()
