"""Random frames through our driver and through cantools itself: the same values, whatever the database says."""

import os
from pathlib import Path
from random import Random

import can
import pytest
from canbench import StationBench, device_of, message
from cantools.database.can import Message, Signal
from cantools.database.errors import Error as DatabaseError
from cantools.logreader import Parser as CantoolsLog
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.core.quality import Quality
from runtime.iomap.dbc import ENCODINGS, parse_database

DBC_FOLDERS = [Path(__file__).parents[2] / "io_maps" / "dbc"]
if "CANTOOLS_FILES" in os.environ:  # tests/files of cantools' source package: its own databases, in all formats
    DBC_FOLDERS += sorted(Path(os.environ["CANTOOLS_FILES"]).iterdir())
FILES = sorted(f for folder in DBC_FOLDERS for f in folder.glob("*.*") if f.suffix[1:] in ENCODINGS)
FRAMES_A_MESSAGE = 20


def _readable(file: Path) -> tuple[str, list[Message]]:
    form = file.suffix[1:]
    try:
        text = file.read_text(encoding=ENCODINGS[form])
        return text, parse_database(text, form).messages
    except ValueError:
        return "", []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_random_frames_when_decoded_then_as_cantools_decodes_them(file: Path) -> None:
    text, messages = _readable(file)
    if not messages:
        pytest.skip("cantools itself does not read it strictly")
    usable = {m.name: m for m in messages if m.signals and not m.is_container and m.length <= 64}
    for codec in usable.values():
        _compare(text, file.suffix[1:], codec)


def _compare(text: str, form: str, codec: Message) -> None:
    plan = message(codec.name, codec.frame_id, extended=codec.is_extended_frame, fd=codec.is_fd)
    bench = StationBench(device_of(text, [plan], dbc_format=form))

    @settings(max_examples=FRAMES_A_MESSAGE, deadline=None, derandomize=True, database=None)
    @given(payload=st.binary(min_size=codec.length, max_size=codec.length))
    def same(payload: bytes) -> None:
        bench.now_ns += 1_000_000
        frame = can.Message(
            arbitration_id=codec.frame_id,
            is_extended_id=codec.is_extended_frame,
            is_fd=codec.is_fd or len(payload) > 8,
            data=payload,
        )
        try:
            told = codec.decode_simple(payload, decode_choices=False, scaling=True)
        except DatabaseError:  # a multiplexer value that the database does not have
            assert not bench.take(frame)
            return
        assert bench.take(frame)
        for signal, value in told.items():
            ours, quality = bench.reading(signal)
            assert isinstance(value, (int, float))
            if value != value or abs(value) == float("inf"):
                assert quality is Quality.BAD
            else:
                assert quality is Quality.GOOD
                assert ours == pytest.approx(float(value), rel=1e-12, abs=1e-12), (codec.name, signal)

    same()


@pytest.mark.parametrize("file", sorted(DBC_FOLDERS[0].glob("*.dbc")), ids=lambda file: file.name)
def test_candump_log_when_decoded_then_as_cantools_reads_and_decodes_it(file: Path, tmp_path: Path) -> None:
    """The log is written and read by python-can on our side; cantools reads it with its own parser."""
    text, messages = _readable(file)
    log = tmp_path / "candump.log"
    _log(messages, log)
    plans = [message(m.name, m.frame_id, extended=m.is_extended_frame, min_bytes=m.length) for m in messages]
    stations = {plan.frame_id: StationBench(device_of(text, [plan])) for plan in plans}
    database = parse_database(text, "dbc")
    with log.open() as lines, can.CanutilsLogReader(log) as ours:
        for theirs, frame in zip(CantoolsLog(lines), ours, strict=True):
            assert theirs is not None
            bench = stations[frame.arbitration_id]
            bench.now_ns += 1_000_000
            told = database.decode_message(theirs.frame_id, theirs.data, decode_choices=False)
            assert bench.take(frame)
            for signal, value in told.items():
                assert bench.reading(signal) == (pytest.approx(float(value)), Quality.GOOD), signal


def _log(messages: list[Message], log: Path) -> None:
    """Each message FRAMES_A_MESSAGE times, with raw values drawn anew."""
    chance = Random(1)
    with can.CanutilsLogWriter(log, channel="can0") as writer:
        for codec in messages * FRAMES_A_MESSAGE:
            raw = {s.name: chance.choice(_groups(codec, s) or [_drawn(s, chance)]) for s in codec.signals}
            writer.on_message_received(
                can.Message(
                    timestamp=chance.random() * 1e9,
                    arbitration_id=codec.frame_id,
                    is_extended_id=codec.is_extended_frame,
                    data=codec.encode(raw, scaling=False, strict=False),
                )
            )


def _groups(codec: Message, multiplexer: Signal) -> list[int]:
    """The values of a multiplexer that the message has signals for; of other signals none."""
    of = (signal for signal in codec.signals if signal.multiplexer_signal == multiplexer.name)
    return sorted({number for signal in of for number in signal.multiplexer_ids or ()})


def _drawn(signal: Signal, chance: Random) -> int:
    return chance.getrandbits(signal.length - 1) * (-1 if signal.is_signed and chance.random() < 0.5 else 1)
