"""The colours of the console, in one place. Each comes with a word or shape where it is used: colour is never alone."""

from rich.style import Style
from textual.theme import Theme

INK = "#c8d1dc"
FAINT = "#76828f"
FRAME = "#33404d"
GROUND = "#0f141a"
RAISED = "#171e26"
GOOD = "#78c091"
WARN = "#e2ad53"
ALARM = "#f0717a"
GRID = "#6cb2ea"
PV = "#e8cf6a"
WIND = "#7fd1c7"
LOAD = "#c79be0"
BATTERY = "#78c091"
SETPOINT = "#e09f6a"

THEME = Theme(
    name="voltscan",
    primary="#6cb2ea",
    secondary="#78c091",
    accent="#e8cf6a",
    foreground=INK,
    background=GROUND,
    surface=RAISED,
    panel=FRAME,
    success=GOOD,
    warning=WARN,
    error=ALARM,
    dark=True,
    variables={
        "footer-background": RAISED,
        "footer-key-foreground": "#6cb2ea",
        "footer-description-foreground": FAINT,
        "input-selection-background": "#6cb2ea 35%",
    },
)


def ink(colour: str = INK, *, bold: bool = False, on: str | None = None) -> Style:
    """Text in a colour."""
    return Style(color=colour, bold=bold, bgcolor=on)


NORMAL = ink()
STRONG = ink("#f4f7fa", bold=True)
DIM = ink(FAINT)
LINE = ink(FRAME)
CURSOR_GROUND = "#24323f"
