"""The pragmas of declarations that mean something: `{unit := 'kW'}`, `{min := 0}`, `{no_force}`, `{needed}`,
`{secret}`."""

import difflib

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.syntax.margins import UNSET

SETTINGS = {"unit": "'kW'", "min": "0", "max": "100"}
"""Each with an example. Pragmas of other tools are passed over, such as `{attribute 'hide'}`."""
TASK = "task"
"""The pragma of a PROGRAM that joins a task by itself."""
NO_FORCE, NEEDED, SECRET = "no_force", "needed", "secret"
FLAGS = (NO_FORCE, NEEDED, SECRET)
"""The pragmas that are a word alone."""


def check_note(report: Report, note: tree.Note) -> None:
    """Report pragmas that say nothing, or whose value cannot be used."""
    bounds: dict[str, float] = {}
    for key, text, span in note.pragmas:
        if key in FLAGS:
            if text != UNSET:
                report.error("L5007", f"{{{key}}} takes no value", span, "this pragma", help=f"write {{{key}}}")
        elif key not in SETTINGS:
            _check_unknown(report, key, text, span)
        elif text == UNSET:
            mend = f"write {{{key} := {SETTINGS[key]}}}"
            report.error("L5007", f"the pragma {key} says nothing", span, "no := in it", help=mend)
        elif key != "unit":
            bound = bound_of(text)
            if bound is None:
                mend = f"write {{{key} := {SETTINGS[key]}}}"
                report.error("L5007", f"{{{key} := {text}}} is not a number", span, "this pragma", help=mend)
                continue
            bounds[key] = bound
            if bounds.get("min", bound) > bounds.get("max", bound):
                message = f"min {bounds['min']:g} is above max {bounds['max']:g}"
                report.error("L5007", message, span, "no value lies between them", help="exchange them")


def task_of(report: Report, note: tree.Note) -> tree.Ident | None:
    """The task that the header of a PROGRAM names: `{task := 'slow'}`. None when it names none."""
    for key, text, span in note.pragmas:
        if key == TASK and text in (UNSET, ""):
            mend = f"write {{{TASK} := 'slow'}}"
            report.error("L5007", f"the pragma {TASK} names no task", span, "no := in it", help=mend)
        elif key == TASK:
            return tree.Ident(text, span)
    return None


def vetoes(note: tree.Note) -> bool:
    """True when the declaration says {no_force}: nobody outside may change the variable."""
    return any(key == NO_FORCE for key, _, _ in note.pragmas)


def hides(note: tree.Note) -> bool:
    """True when the declaration says {secret}: nobody outside may see the variable, or change it."""
    return any(key == SECRET for key, _, _ in note.pragmas)


def needs(note: tree.Note) -> bool:
    """True when the field is marked {needed}: IS_GOOD of its structure asks for it."""
    return any(key == NEEDED for key, _, _ in note.pragmas)


def bound_of(text: str) -> float | None:
    """The number in a {min := …} or {max := …}."""
    try:
        return float(text)
    except ValueError:
        return None


def _check_unknown(report: Report, key: str, text: str, span: Span) -> None:
    close = difflib.get_close_matches(key, (*SETTINGS, *FLAGS), n=1, cutoff=0.75)
    if close and (text == UNSET) is (close[0] in FLAGS):
        mend = f"did you mean {close[0]}?"
        report.error("L5007", f"a declaration has no pragma '{key}'", span, "not known", help=mend)
