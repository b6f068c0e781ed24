"""Page 1: what the plant does now, and did in the last ten minutes."""

from textual.app import ComposeResult
from textual.containers import Horizontal

from hmi.model import Model
from hmi.pages.page import Page
from hmi.widgets.battery_bars import BatteryBars
from hmi.widgets.plant_card import PlantCard
from hmi.widgets.power_flow import PowerFlow
from hmi.widgets.trends import Trends

FRAME_ROWS = 2
"""Rows that a panel's border takes."""


class OverviewPage(Page):
    """Power flow beside the plant card, the battery, the trends."""

    def __init__(self, model: Model, *, id: str) -> None:
        super().__init__(id=id)
        self._model = model

    def compose(self) -> ComposeResult:
        """The panels."""
        with Horizontal(id="overview-top"):
            yield PowerFlow(self._model, id="flow", classes="panel")
            yield PlantCard(self._model, id="plant", classes="panel")
        yield BatteryBars(self._model, id="battery", classes="panel")
        trends = Trends(self._model, id="trends")
        trends.add_class("panel")
        yield trends

    def redraw(self) -> None:
        """The battery's panel is as high as there are racks."""
        rows = max(2, 1 + len(self._model.racks())) + FRAME_ROWS
        battery = self.query_one(BatteryBars)
        if battery.styles.height is None or battery.styles.height.value != rows:
            battery.styles.height = rows
        super().redraw()
