"""String and character literals: `'a$N'`, `"wide"`, `STRING#'x'`, `CHAR#'a'`.

Source: IEC 61131-3, 3rd edition, tables 6 and 7.
"""

from runtime.core.elementary import CHAR, MAX_CAPACITY, WCHAR, string
from runtime.core.textliteral import unescaped
from runtime.lang.syntax.read import Read


def read_text(text: str, prefix: str = "") -> Read:
    """The value of a literal in quotes; `prefix` is the type before its `#`, in upper case."""
    quote = text[0]
    if len(text) < 2 or text[-1] != quote or (text.endswith("$" + quote) and not _closed(text)):
        return Read(problem=f"the closing {quote} is missing")
    wide = quote == '"'
    if prefix and prefix.startswith("W") != wide:
        return Read(problem=f"{prefix} is written in {'double' if not wide else 'single'} quotes")
    value = unescaped(text[1:-1], digits=4 if wide else 2)
    if value is None:
        return Read(problem="$ stands before $ ' \" L N P R T or a character's number in hexadecimal digits")
    odd = next((c for c in value if ord(c) > (0xFFFF if wide else 0xFF)), None)
    if odd is not None:
        return Read(problem=f"{odd} is no character of {'WSTRING' if wide else 'STRING'}")
    if prefix in ("CHAR", "WCHAR"):
        if len(value) != 1:
            return Read(problem=f"{prefix} is one character")
        return Read(WCHAR if wide else CHAR, ord(value))
    if len(value) > MAX_CAPACITY:
        return Read(problem=f"longer than {MAX_CAPACITY} characters")
    return Read(string(max(1, len(value)), wide=wide), value.partition("\0")[0])


def _closed(text: str) -> bool:
    """True when the last quote is not the one of `$'`."""
    body = text[1:-1]
    return (len(body) - len(body.rstrip("$"))) % 2 == 0
