"""Values as a user types them behind a name: a string may stand in the quotes of the language, or plain."""

from runtime.core.fault import ConfigFault
from runtime.lang.syntax.text_literals import read_text


def without_quotes(text: str, where: str) -> str:
    """The characters of a literal in quotes (`'a$N'`, `"wide"`); any other text as it is.

    Raises ConfigFault when the literal cannot be read. No value but a string or character begins with a quote.
    """
    if text[:1] not in ("'", '"'):
        return text
    read = read_text(text)
    if read.problem:
        raise ConfigFault(f"{text} cannot be read: {read.problem}", where=where, mend="write it as in a program")
    return str(read.value)
