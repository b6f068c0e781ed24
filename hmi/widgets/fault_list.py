"""The faults of the running program, newest first, each with its place in the source."""

from hmi import palette, wording
from hmi.canvas import Canvas
from hmi.palette import DIM, NORMAL, ink
from hmi.widgets.live import Live


class FaultList(Live):
    """One row a fault: scan, code, POU, file and line; where there is room its statement and values, or its text."""

    BORDER_TITLE = "Program faults"

    def paint(self, canvas: Canvas) -> None:
        """Newest first; what does not fit is counted."""
        faults = self.model.status.faults[::-1] if self.model.status else ()
        if not faults:
            canvas.put(1, 0, "● none", ink(palette.GOOD))
            return
        each = 2 if canvas.height >= 4 else 1
        shown = max(1, canvas.height // each)
        for place, fault in enumerate(faults[:shown]):
            y = place * each
            x = canvas.put(1, y, f"✗ {fault.code}", ink(palette.ALARM, bold=True))
            x = canvas.put(x + 2, y, f"{fault.pou}  {fault.file}:{fault.line}", NORMAL)
            canvas.put(x + 2, y, f"scan {wording.count(fault.scan)}", DIM)
            if each == 2:
                detail = self.model.fault_details.get((fault.file, fault.line))
                canvas.put(3, y + 1, detail or fault.text, NORMAL if detail else DIM)
        if len(faults) > shown:
            canvas.put_right(canvas.width - 1, canvas.height - 1, f"and {len(faults) - shown} more", DIM)
