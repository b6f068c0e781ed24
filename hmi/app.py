"""The console: pages, the timer that repaints the open one, and the operator's commands."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, Footer

from hmi import roles, wording
from hmi.clock import SYSTEM_CLOCK, Clock
from hmi.dialogs.action import Action, ActionDialog
from hmi.dialogs.help import HelpDialog
from hmi.feed import Feed, OpenLink
from hmi.model import Model, TagInfo
from hmi.pages.devices import DevicesPage
from hmi.pages.events import EventsPage
from hmi.pages.forces import ForcesPage
from hmi.pages.overview import OverviewPage
from hmi.pages.page import Page
from hmi.pages.pair import PairPage
from hmi.pages.scan import ScanPage
from hmi.pages.tags import TagsPage
from hmi.pages.test import TestPage
from hmi.palette import THEME
from hmi.widgets.banner_stack import BannerStack
from hmi.widgets.chosen_line import ChosenLine
from hmi.widgets.event_line import EventLine
from hmi.widgets.row_grid import RowGrid
from hmi.widgets.tab_bar import TabBar

DRAW_HZ = 5.0
"""How often the open page is repainted. Frames arrive at 10 Hz; eyes and SSH links need no more than this."""
PAGES = (
    ("overview", "Overview"),
    ("tags", "Tags"),
    ("scan", "Scan"),
    ("events", "Events"),
    ("devices", "Devices"),
    ("forces", "Forces"),
    ("pair", "Pair"),
    ("test", "Test"),
)


class Console(App[None]):
    """Shows one controller and passes on what its operator asks for. Ending it leaves the controller alone."""

    TITLE = "Voltscan"
    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"page('{page}')", title, show=False) for key, (page, title) in enumerate(PAGES, 1)),
        Binding("m", "mode", "Mode", tooltip="Change the control mode"),
        Binding("s", "target", "Grid target", tooltip="Set the target of the grid exchange in kW"),
        Binding("r", "reset", "Reset", tooltip="Reset the plant's error"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q,ctrl+c", "quit", "Quit", key_display="q", tooltip="Close the console; the controller goes on"),
    ]

    def __init__(
        self,
        open_link: OpenLink,
        *,
        endpoint: str,
        client: str,
        clock: Clock = SYSTEM_CLOCK,
        draw_hz: float = DRAW_HZ,
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]
        self.clock = clock
        self.model = Model(endpoint)
        self.feed = Feed(open_link, self.model, clock, client=client)
        self._draw_hz = draw_hz
        self.register_theme(THEME)
        self.theme = THEME.name

    def compose(self) -> ComposeResult:
        """The frame and the pages."""
        model, clock = self.model, self.clock
        yield TabBar(model, clock, PAGES, id="tabs")
        yield ChosenLine(model, clock, id="chosen-line")
        yield BannerStack(model, clock, id="banners")
        with ContentSwitcher(initial=PAGES[0][0], id="pages"):
            yield OverviewPage(model, id="overview")
            yield TagsPage(model, self.feed, id="tags")
            yield ScanPage(model, self.feed, clock, id="scan")
            yield EventsPage(model, clock, id="events")
            yield DevicesPage(model, self.feed, id="devices")
            yield ForcesPage(model, self.feed, clock, id="forces")
            yield PairPage(model, self.feed, clock, id="pair")
            yield TestPage(model, self.feed, id="test")
        yield EventLine(model, clock, id="event-line")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Listen and draw from now on."""
        self.run_worker(self.feed.run(), name="feed")
        self.redraw()
        if self._draw_hz > 0:
            self.set_interval(1 / self._draw_hz, self.redraw)

    @property
    def page(self) -> Page:
        """The page that is open."""
        switcher = self.query_one("#pages", ContentSwitcher)
        return self.query_one(f"#{switcher.current}", Page)

    def redraw(self) -> None:
        """Paint the moment: frame and open page; pages that are hidden do nothing."""
        self.model.tick(self.clock.monotonic_ns(), self.clock.wall_ns())
        if not self.screen_stack:
            return
        main = self.screen_stack[0]
        if not main.query(TabBar):
            return  # not there yet, or gone already: the timer goes on until the very end
        main.query_one(TabBar).redraw()
        main.query_one(ChosenLine).redraw()
        main.query_one(BannerStack).redraw()
        main.query_one(EventLine).redraw()
        switcher = main.query_one("#pages", ContentSwitcher)
        main.query_one(f"#{switcher.current}", Page).redraw()

    # --- pages

    def action_page(self, page: str) -> None:
        """Open a page."""
        switcher = self.query_one("#pages", ContentSwitcher)
        if switcher.current == page:
            return
        self.page.left()
        self.set_focus(None)
        switcher.current = page
        self.query_one(TabBar).current = page
        self.page.opened()
        self.call_after_refresh(self.redraw)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        """A click on a page's name."""
        self.action_page(event.page)

    def action_help(self) -> None:
        """List the keys."""
        page_title = dict(PAGES)[str(self.page.id)]
        groups = [("Everywhere", Console.BINDINGS), (f"Page {page_title}", type(self.page).BINDINGS)]
        if self.page.query(RowGrid):
            groups.append(("In lists", RowGrid.BINDINGS))
        self.push_screen(HelpDialog([group for group in groups if group[1]]))

    # --- commands

    def action_mode(self) -> None:
        """Change the control mode, after asking."""
        labels = self.model.labels(roles.MODE_COMMAND, roles.MODE)
        if not labels:
            self.notify("the controller has not told its modes yet", severity="warning")
            return
        self._ask(
            Action(
                title="Control mode",
                subject="command mode",
                old=self.model.text(roles.MODE),
                entry=TagInfo(name="mode", type="CONTROL_MODE", labels=labels),
                send=lambda value: self.feed.command("mode", value),
            )
        )

    def action_target(self) -> None:
        """Set the target of the grid exchange, after asking."""
        self.run_worker(self._ask_target(), exclusive=True, group="ask")

    async def _ask_target(self) -> None:
        info = self.model.info(roles.GRID_TARGET_COMMAND)
        old = await self.feed.read_number(roles.GRID_TARGET_KW, otherwise=roles.GRID_TARGET_COMMAND)
        self._ask(
            Action(
                title="Target of the grid exchange",
                subject="command grid_target: + import, - export",
                old=f"{wording.number(old, 3)} kW",
                entry=info or TagInfo(name=roles.GRID_TARGET_COMMAND, type="REAL", unit="kW"),
                send=lambda value: self.feed.command("grid_target", value),
            )
        )

    def action_reset(self) -> None:
        """Reset the plant's error, after asking."""
        self._ask(
            Action(
                title="Reset the plant's error",
                subject="command reset",
                old=self.model.text(roles.STATE),
                new="leave ERROR, if its cause is gone",
                send=lambda _value: self.feed.command("reset", True),
            )
        )

    def _ask(self, action: Action) -> None:
        self.push_screen(ActionDialog(action))
