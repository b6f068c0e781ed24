"""Strings as IEC 61131-3 writes them (3rd edition, tables 6 and 7): `'a$N'`, `"wide"`, from a text and back."""

import re

_NAMED = {"$": "$$", "\n": "$N", "\r": "$R", "\t": "$T", "\f": "$P"}


_SIGNS = {"$": "$", "'": "'", '"': '"', "L": "\n", "N": "\n", "P": "\f", "R": "\r", "T": "\t"}
_ESCAPE = re.compile(r"\$(.?)", re.DOTALL)
_DIGITS = re.compile(r"[0-9A-Fa-f]+")


def unescaped(body: str, *, digits: int) -> str | None:
    """The text between quotes, `$` and so many hexadecimal digits being a character; None for any other `$`."""
    made, at = "", 0
    while found := _ESCAPE.search(body, at):
        made += body[at : found.start()]
        sign = found[1].upper()
        number = body[found.start() + 1 : found.start() + 1 + digits]
        if sign in _SIGNS and sign:
            made, at = made + _SIGNS[sign], found.end()
        elif len(number) == digits and _DIGITS.fullmatch(number):
            made, at = made + chr(int(number, 16)), found.start() + 1 + digits
        else:
            return None
    return made + body[at:]


def unquoted(literal: str) -> str | None:
    """The text of a literal in single quotes, or in the double ones of a WSTRING; None when it cannot be read."""
    quote, body = literal[:1], literal[1:-1]
    if quote not in ("'", '"') or len(literal) < 2 or not literal.endswith(quote):
        return None
    if quote in _ESCAPE.sub("", body) or (len(body) - len(body.rstrip("$"))) % 2:
        return None
    return unescaped(body, digits=4 if quote == '"' else 2)


def show_text(text: str, type_name: str) -> str:
    """The literal of a text, on one line; `type_name` (WSTRING, WCHAR or not) decides its quotes."""
    wide = type_name.startswith("W")
    quote = '"' if wide else "'"
    return quote + "".join(_shown(c, quote, wide) for c in text) + quote


def _shown(c: str, quote: str, wide: bool) -> str:
    if c == quote:
        return f"${c}"
    return _NAMED.get(c) or (c if c.isprintable() else f"${ord(c):04X}" if wide else f"${ord(c):02X}")
