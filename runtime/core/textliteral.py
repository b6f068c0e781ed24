"""Strings as IEC 61131-3 writes them (3rd edition, tables 6 and 7): `'a$N'`, `"wide"`, from a text."""

_NAMED = {"$": "$$", "\n": "$N", "\r": "$R", "\t": "$T", "\f": "$P"}


def show_text(text: str, type_name: str) -> str:
    """The literal of a text, on one line; `type_name` (WSTRING, WCHAR or not) decides its quotes."""
    wide = type_name.startswith("W")
    quote = '"' if wide else "'"
    return quote + "".join(_shown(c, quote, wide) for c in text) + quote


def _shown(c: str, quote: str, wide: bool) -> str:
    if c == quote:
        return f"${c}"
    return _NAMED.get(c) or (c if c.isprintable() else f"${ord(c):04X}" if wide else f"${ord(c):02X}")
