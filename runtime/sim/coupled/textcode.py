"""Native code: a text's way over the wire, as `Numeric` and the pages of strings do it (iomap/wire.py, image/pages.py).

A character that Latin-1 does not have goes as `?`, a text longer than its registers is cut; blanks at its end are none
of it. A text that the tag cannot hold is no reading.
"""

from runtime.core.quality import Quality
from runtime.image.emit import I1, I8, I16, I64, PTR, Code, Routine, Word
from runtime.image.view import View
from runtime.sim.coupled.plan import Passage

_LAST, _UNKNOWN, _BLANK = 0xFF, ord("?"), ord(" ")


def write_texts(code: Code) -> None:
    """Write `fetch_text(passage)`, `text_changed(passage) -> bit` and `deliver_text(passage, now)`."""
    _write_fetch(code)
    _write_changed(code)
    _write_deliver(code)


def _write_fetch(code: Code) -> None:
    """The source's text onto the wire: `text_chars` bytes."""
    with code.routine("fetch_text", passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        ended = r.local(I8, r.word(0, I8))
        with r.each(passage["text_chars"]) as i:
            char = r.local(I16, r.word(0, I16))
            with r.when(ended.get().equals(0) & (i < passage["text_capacity"])):
                char.set(_char(r, passage, i))
            with r.when(char.get().equals(0)):
                ended.set(r.word(1, I8))
            unknown = r.word(_LAST, I16).below(char.get())
            told = unknown.choose(r.word(_UNKNOWN, I8), char.get().narrowed(I8))
            passage["text"].at(i).store(ended.get().differs(0).choose(passage["text_fill"], told))


def _char(r: Routine, passage: View, i: Word) -> Word:
    char = r.local(I16)
    with r.either(passage["text_width"].equals(2)) as (wide, narrow):
        with wide:
            char.set(passage["source"].at(i * 2).load(I16))
        with narrow:
            char.set(passage["source"].at(i).load(I8).widened(I16))
    return char.get()


def _write_changed(code: Code) -> None:
    """Whether what is on the wire is not what was written last."""
    with code.routine("text_changed", I1, passage=PTR) as r:
        passage = View(r, Passage, r["passage"])
        changed = r.local(I8, r.word(0, I8))
        with r.each(passage["text_chars"]) as i:
            now, before = passage["text"].at(i).load(I8), passage["text_written"].at(i).load(I8)
            with r.when(now.differs(before)):
                changed.set(r.word(1, I8))
        r.give(changed.get().differs(0))


def _write_deliver(code: Code) -> None:
    """What is on the wire into the page."""
    with code.routine("deliver_text", passage=PTR, now=I64) as r:
        passage = View(r, Passage, r["passage"])
        length = r.local(I64, passage["text_chars"])
        is_absent = r.local(I8, passage["absent"].narrowed(I8))
        with r.each(passage["text_chars"]) as i:
            char = passage["text"].at(i).load(I8)
            with r.when(char.equals(0) & (i < length.get())):
                length.set(i)
            with r.when(char.differs(0)):
                is_absent.set(r.word(0, I8))
        with r.loop() as loop:
            loop.leave_when(length.get().equals(0))
            loop.leave_when(passage["text"].at(length.get() - 1).load(I8).differs(_BLANK))
            length.set(length.get() - 1)
        with r.when(is_absent.get().differs(0) | (length.get() > passage["sink_capacity"])):
            r.call(code["spoil"], r["passage"])
            r.give()
        r.clear(passage["sink"], passage["sink_size"])
        with r.each(length.get()) as i:
            char = passage["text"].at(i).load(I8)
            with r.either(passage["sink_width"].equals(2)) as (wide, narrow):
                with wide:
                    passage["sink"].at(i * 2).store(char.widened(I16))
                with narrow:
                    passage["sink"].at(i).store(char)
        passage["sink_stamp"].store(r["now"])
        passage["sink_quality"].store(r.word(Quality.GOOD, I8))
