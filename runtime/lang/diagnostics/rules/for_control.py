"""The control variable of a FOR is not assigned inside the loop (LANGUAGE.md rule 9): a warning.

Passes:
    PROGRAM p VAR i, n : INT; END_VAR FOR i := 1 TO 3 DO n := n + i; END_FOR END_PROGRAM
Fails:
    PROGRAM p VAR i, n : INT; END_VAR FOR i := 1 TO 3 DO i := n; END_FOR END_PROGRAM
"""

from runtime.lang.lower.context import Context
from runtime.lang.lower.ref import Ref

CODE = "L9002"


def check(ctx: Context, target: Ref) -> None:
    """Warn when the target is the control variable of a loop around it."""
    if target.root in ctx.controls and target.member is None:
        name = target.root.name
        message = f"'{name}' counts the FOR around this and is assigned inside it"
        mend = "use EXIT to leave early, or WHILE for another count"
        ctx.report.warning(CODE, message, target.span, "changes the count", help=mend)
