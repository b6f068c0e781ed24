"""Copying for readers far away: past the caches, a whole line at a time.

What a slot of a snapshot held was in no cache any more, and what it gets is read by another process, if by any. A plain
store fetches the line first, only to overwrite it; a non-temporal one does not (measured after 10 ms of sleep, 56 KiB:
4.0 us against 6.5). Such stores keep no order with others: a `seq_cst` fence comes
before the slot is closed.
"""

from runtime.image.emit import I64, PTR, Code

_LINE = 64


def write_stream(code: Code) -> None:
    """Write `stream_out(target, source, start, end)`: bytes start to end of both, which begin at multiples of 64."""
    with code.routine("stream_out", target=PTR, source=PTR, start=I64, end=I64) as r:
        first, last = (r["start"] + _LINE - 1) & -_LINE, r["end"] & -_LINE
        with r.when(first >= last):
            r.copy(r["target"].at(r["start"]), r["source"].at(r["start"]), r["end"] - r["start"])
            r.give()
        r.copy(r["target"].at(r["start"]), r["source"].at(r["start"]), first - r["start"])
        with r.each((last - first) // _LINE) as i:
            at = first + i * _LINE
            r.stream_line(r["target"].at(at), r["source"].at(at))
        r.copy(r["target"].at(last), r["source"].at(last), r["end"] - last)
