"""The comment in front of a POU or type: what it is for, in its writer's words."""

import textwrap

from runtime.lang.syntax.tokens import Scanned


def comment_above(scanned: Scanned, line: int) -> str:
    """The comment that ends on the line above, with its paragraphs; nothing when there is none."""
    found = [m for m in scanned.margins if m.kind == "comment" and m.end_line == line - 1]
    if not found or any(t.line == found[-1].end_line for t in scanned.tokens if t.kind != "$END"):
        return ""
    first, *others = found[-1].text.split("\n")
    body = textwrap.dedent("\n".join(others))
    return f"{first.strip()}\n{body}".strip()
