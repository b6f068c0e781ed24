"""The leader's exchange with its standby and the witness after each scan, as native code: no Python in between.

It does what the core (pair/member.py) does in the steady state, by the same rules: the frame after a scan and a round
of heartbeats out, the answers in, the lease from when a round was sent that a majority has answered, `replicated_scan`.
Whatever is not exactly that ends it (`exchangeplan.End`), before anything is done about it: the core goes on from what
was done until then (pair/steady.py). That both do the same is tested step by step (test_exchange).

What comes from outside is believed only once it is opened by the peer's key, and has the one length and form there is.
"""

from collections.abc import Iterator

from runtime.cluster.pair.frame import HEAD_SIZE, head_at
from runtime.cluster.redundancy.exchangeplan import TRIPS, End, ExchangePlan, Trip, WayPlan
from runtime.cluster.transport.codec import FIELDS_AT, PARCEL_CONTENT_AT, PART_SIZE_AT, field_at, part_of
from runtime.cluster.transport.quicklane import COUNT_MAX, DATAGRAM_MAX, HEAD, SIZE_MAX, TAG_SIZE, UNANSWERED_MAX
from runtime.core.appmemory import APPLIED_INDEX, NOW_NS, SCAN_NO
from runtime.image.channelcode import write_channel
from runtime.image.deltacode import write_delta
from runtime.image.emit import I8, I16, I32, I64, PTR, Code, Local, Routine, Word
from runtime.image.layout import DELTA_BLOCK as BLOCK
from runtime.image.view import View
from runtime.raft.message import Heartbeat

CRC_SIZE = 4
"""After a frame's head: of it and of the body."""
SCAN_NO_AT, BASE_AT, PLC_NOW_AT, SUM_AT = map(head_at, ("scan_no", "base_scan", "plc_now_ns", "memory_sum"))
BEAT_SIZE = len(part_of(Heartbeat(source="", target="", term=0, round=0, commit=0)))
ROUND_AT = field_at(Heartbeat, "round")
_NS_PER_S = 1_000_000_000
_CLOCK_MONOTONIC, _MSG_DONTWAIT, _MSG_NOSIGNAL = 1, 0x40, 0x4000
_TAKEN_MAX = 16
"""Datagrams that are taken in one go."""


def write_exchange() -> str:
    """The module."""
    code = Code("voltscan.exchange")
    write_channel(code, exported=False)
    write_delta(code)
    _write_calls(code)
    _write_crc(code)
    _write_say(code)
    _write_take(code)
    _write_compose(code)
    _write_scan(code)
    _write_exchange(code)
    return code.text()


def _write_calls(code: Code) -> None:
    """Write `now(plan)`; name what is called of the C library."""
    clock_gettime = code.external("clock_gettime", I32, I32, PTR)
    code.external("ppoll", I32, PTR, I64, PTR, PTR)
    code.external("recv", I64, I32, PTR, I64, I32)
    code.external("send", I64, I32, PTR, I64, I32)
    code.external("read", I64, I32, PTR, I64)
    code.external("write", I64, I32, PTR, I64)
    code.external("memcmp", I32, PTR, PTR, I64)
    with code.routine("now", I64, plan=PTR) as r:
        plan = View(r, ExchangePlan, r["plan"])
        with r.when(plan["has_clock"].differs(0)):
            r.give(plan.atomic("clock", "acquire"))
        time = r.room(16)
        r.call(clock_gettime, r.word(_CLOCK_MONOTONIC, I32), time)
        r.give(time.load(I64) * _NS_PER_S + time.at(8).load(I64))


def _write_crc(code: Code) -> None:
    """Write `crc(table, at, size, before)`: as zlib.crc32."""
    with code.routine("crc", I32, table=PTR, at=PTR, size=I64, before=I32) as r:
        crc = r.local(I32, r["before"] ^ -1)
        with r.each(r["size"]) as place:
            now = crc.get()
            row = (now ^ r["at"].at(place).load(I8).widened(I32)) & 0xFF
            crc.set(r["table"].at(row.widened(I64) * 4).load(I32) ^ now.shifted_right(8))
        r.give(crc.get() ^ -1)


def _write_say(code: Code) -> None:
    """Write `say(plan, way, content, size)`: seal it and send it; whether it arrives, an answer tells."""
    with code.routine("say", plan=PTR, way=PTR, content=PTR, size=I64) as r:
        plan, way = View(r, ExchangePlan, r["plan"]), View(r, WayPlan, r["way"])
        count, room, none = way["count_out"] + 1, plan["datagram"], r.null()
        way["count_out"] = count
        way["sent"] = way["sent"] + 1
        way["unanswered"] = way["unanswered"] + 1
        room.store(way["far_session"])
        room.at(8).store(count)
        plan.address("nonce").store(count)
        sealed, no_size = room.at(HEAD.size), r.word(0)
        more = (none, no_size, none, plan.address("nonce"), way.address("key_out"))
        r.call_through(plan["seal"], I32, sealed, none, r["content"], r["size"], *more)
        flags = r.word(_MSG_DONTWAIT | _MSG_NOSIGNAL, I32)
        r.call(code["send"], way["fd"], room, r["size"] + (HEAD.size + TAG_SIZE), flags)


def _write_take(code: Code) -> None:
    """Write `take(plan, way, is_standby)`: 0 once all answers are taken; 1: something else was said."""
    with code.routine("take", I64, plan=PTR, way=PTR, is_standby=I64) as r:
        plan, way = View(r, ExchangePlan, r["plan"]), View(r, WayPlan, r["way"])
        room, content = plan["datagram"], plan["received"]
        taken = r.local(I64, r.word(0))
        with r.loop() as again:
            again.leave_when(taken.get().equals(_TAKEN_MAX))
            taken.set(taken.get() + 1)
            flags = r.word(_MSG_DONTWAIT, I32)
            size = r.call(code["recv"], way["fd"], room, r.word(DATAGRAM_MAX + 1), flags)
            again.leave_when(size < 0)
            plan["refused"] = plan["refused"] + 1
            again.next_when(size <= HEAD.size + TAG_SIZE)
            again.next_when(size > DATAGRAM_MAX)
            count = room.at(8).load(I64)
            again.next_when(room.load(I64).differs(way["session"]))
            again.next_when(count <= way["count_in"])
            again.next_when(count > COUNT_MAX)
            plan.address("nonce").store(count)
            none = r.null()
            sealed = (room.at(HEAD.size), size - HEAD.size, none, r.word(0), plan.address("nonce"))
            again.next_when(
                r.call_through(plan["open"], I32, content, none, none, *sealed, way.address("key_in")).differs(0)
            )
            plan["refused"] = plan["refused"] - 1
            way["count_in"] = count
            way["unanswered"] = r.word(0, I32)
            plan["received_size"] = size - (HEAD.size + TAG_SIZE)
            for is_strange in _strange(r, code, plan, way):
                with r.when(is_strange):
                    r.give(r.word(1))
            _answered(r, code, plan, way)
        r.give(r.word(0))


def _strange(r: Routine, code: Code, plan: View, way: View) -> Iterator[Word]:
    """Whether it is none of the answers that are expected; each is asked only where those before were not so."""
    content, answer = plan["received"], way["answer"]
    yield plan["received_size"].differs(way["answer_size"])
    yield r.call(code["memcmp"], content, answer, way["first_size"]).differs(0)
    second = way["second_at"]
    yield r.call(code["memcmp"], content.at(second), answer.at(second), way["second_size"]).differs(0)
    yield plan["round"].below(_get(r, content.at(way["round_at"])))
    yield (
        r["is_standby"]
        .differs(0)
        .choose(plan["scan_no"].below(_get(r, content.at(way["scan_at"]))), r.word(0).differs(0))
    )


def _answered(r: Routine, code: Code, plan: View, way: View) -> None:
    """Who answers a round has heard the leader; the standby holds the state up to the scan it names."""
    content, now = plan["received"], r.call(code["now"], r["plan"])
    answered = _get(r, content.at(way["round_at"]))
    way["received"] = way["received"] + 1
    way["heard_ns"] = now
    way["round"] = way["round"].below(answered).choose(answered, way["round"])
    is_news = r.local(I64, r.word(0))
    with r.when(r["is_standby"].differs(0)):
        scan_no = _get(r, content.at(way["scan_at"]))
        with r.when(plan["replicated"].below(scan_no)):
            plan["replicated"] = scan_no
            plan["answered"] = plan["answered"] + 1
            plan["replicated_word"].store(scan_no, "release")
            is_news.set(r.word(1))
        with r.when(scan_no.equals(plan["scan_no"])), r.when(plan["is_under_way"].differs(0)):
            plan["is_under_way"] = r.word(0)
            trip = _trip(r, plan)
            trip["answered_ns"] = now
    with r.when(answered.equals(plan["round"])):  # leader and this one are two of three
        until = plan["sent_ns"] + plan["lease_ns"]
        with r.when(until > plan["lease_until_ns"]):
            plan["lease_until_ns"] = until
            plan["lease_word"].store(until, "release")
    with r.when(is_news.get().differs(0)), r.when(plan["io_bell"].differs(-1)):
        one = r.local(I64, r.word(1))
        r.call(code["write"], plan["io_bell"], one.pointer, r.word(8))


def _trip(r: Routine, plan: View) -> View:
    """Of the newest frame."""
    place = (plan["scans"] - 1) & (TRIPS - 1)
    return View(r, Trip, plan.address("trips").at(place * 24))


def _write_compose(code: Code) -> None:
    """Write `compose(plan)`: the frame from `before` to `after` into `content`; its size, 0 where it is too large."""
    with code.routine("compose", I64, plan=PTR) as r:
        plan = View(r, ExchangePlan, r["plan"])
        after, blocks, places, contents = plan["after"], plan["blocks"], plan["places"], plan["contents"]
        total = r.local(I64, r.word(0))
        of = (plan["before"], after, blocks, places, contents, total.pointer)
        count = r.call(code["vs_delta"], *of)
        rest_at = after.at(blocks * BLOCK)
        rest = plan["size"] - blocks * BLOCK
        body_size = count * (BLOCK + 4) + rest + 4
        parcel = plan["content"].at(plan["head_size"])
        size = plan["head_size"] + body_size + (PARCEL_CONTENT_AT + HEAD_SIZE + CRC_SIZE + BEAT_SIZE)
        with r.when(body_size >= plan["size"]):
            r.give(r.word(0))
        with r.when(size > SIZE_MAX):
            r.give(r.word(0))
        table, frame = plan["crc_table"], parcel.at(PARCEL_CONTENT_AT)
        body = frame.at(HEAD_SIZE + CRC_SIZE)
        _put(r, body, count.narrowed(I32))
        r.copy(body.at(4), places, count * 4)
        r.copy(body.at(count * 4 + 4), contents, count * BLOCK)
        r.copy(body.at(count * (BLOCK + 4) + 4), rest_at, rest)
        fields_size = body_size + (PARCEL_CONTENT_AT - FIELDS_AT + HEAD_SIZE + CRC_SIZE)
        _put(r, parcel.at(PART_SIZE_AT), fields_size.narrowed(I32))
        _put(r, frame.at(SCAN_NO_AT), after.at(SCAN_NO).load(I64))
        _put(r, frame.at(BASE_AT), plan["scan_no"])
        _put(r, frame.at(PLC_NOW_AT), after.at(NOW_NS).load(I64))
        rest_sum = r.call(code["crc"], table, rest_at, rest, r.word(0, I32)).widened(I64)
        _put(r, frame.at(SUM_AT), total.get() ^ rest_sum)
        of_head = r.call(code["crc"], table, frame, r.word(HEAD_SIZE), r.word(0, I32))
        _put(r, frame.at(HEAD_SIZE), r.call(code["crc"], table, body, body_size, of_head))
        beat = body.at(body_size)
        r.copy(beat, plan["heartbeat"], r.word(BEAT_SIZE))
        _put(r, beat.at(ROUND_AT), plan["round"] + 1)
        r.give(size)


def _write_scan(code: Code) -> None:
    """Write `scanned(plan)`: -1 once the state after the scan is on its way, else why the exchange ends."""
    with code.routine("scanned", I64, plan=PTR) as r:
        plan = View(r, ExchangePlan, r["plan"])
        witness = plan.address("witness")
        with r.when(r.call(code["take"], r["plan"], witness, r.word(0)).differs(0)):
            r.give(r.word(End.WITNESS_SAID))
        with r.when(plan.inner("witness")["unanswered"] >= UNANSWERED_MAX):
            r.give(r.word(End.SHUT))
        rung = r.local(I64)
        r.call(code["read"], plan["scan_bell"], rung.pointer, r.word(8))
        ends = r.word(End.SCAN)
        with r.when(plan["is_under_way"].differs(0)):
            r.give(ends)
        with r.when(plan["active_term"].load(I64, "acquire").differs(plan["term"])):
            r.give(ends)
        with r.when(plan["channel"].load(I64, "acquire").equals(plan["number"])):
            r.give(r.word(-1))  # it was taken before its bell rang
        after = plan["after"]
        channel = (plan["channel"], plan["slots"], plan["stride"], plan["size"], after)
        number = r.call(code["vs_read"], *channel)
        with r.when(number.equals(0)):
            r.give(ends)
        with r.when(plan["active_term"].load(I64, "acquire").differs(plan["term"])):
            r.give(ends)
        with r.when(after.at(APPLIED_INDEX).load(I64).differs(plan["applied_index"])):
            r.give(ends)
        with r.when(after.at(SCAN_NO).load(I64) <= plan["scan_no"]):
            r.give(ends)
        now = r.call(code["now"], r["plan"])
        with r.when(now < plan["heartbeat_due_ns"] - plan["heartbeat_ns"] // 2):
            r.give(ends)
        size = r.call(code["compose"], r["plan"])
        with r.when(size.equals(0)):
            r.give(ends)
        _send_round(r, code, plan, number, size, now)
        r.give(r.word(-1))


def _send_round(r: Routine, code: Code, plan: View, number: Word, size: Word, now: Word) -> None:
    """What was composed goes out, and is what the standby has from now on, if it has anything."""
    before, after = plan["before"], plan["after"]
    plan["before"], plan["after"], plan["number"] = after, before, number
    plan["scan_no"], plan["plc_now_ns"] = after.at(SCAN_NO).load(I64), after.at(NOW_NS).load(I64)
    plan["round"] = plan["round"] + 1
    plan["sent_before_ns"], plan["sent_ns"] = plan["sent_ns"], now
    plan["heartbeat_due_ns"] = now + plan["heartbeat_ns"]
    plan["scans"] = plan["scans"] + 1
    plan["is_under_way"] = r.word(1)
    trip = _trip(r, plan)
    trip["scan_no"], trip["sent_ns"], trip["answered_ns"] = plan["scan_no"], now, r.word(0)
    r.call(code["say"], r["plan"], plan.address("standby"), plan["content"], size)
    beat, beat_size = plan["beat"], plan["beat_size"]
    _put(r, beat.at(beat_size - (BEAT_SIZE - ROUND_AT)), plan["round"])
    r.call(code["say"], r["plan"], plan.address("witness"), beat, beat_size)


def _write_exchange(code: Code) -> None:
    """Write `vs_exchange(plan)`: until something else is to be done; what (`End`)."""
    with code.routine("vs_exchange", I64, exported=True, plan=PTR) as r:
        plan = View(r, ExchangePlan, r["plan"])
        with r.loop():
            now, due = r.call(code["now"], r["plan"]), plan["heartbeat_due_ns"]
            due = (due < plan["until_ns"]).choose(due, plan["until_ns"])
            late = plan["sent_ns"] + plan["answer_ns"]
            waits = plan["is_under_way"].differs(0)
            until = waits.choose((late < due).choose(late, due), due)
            with r.when(now >= until):
                r.give(_out_of_time(r, code, plan, now))
            ready = _wait(r, code, plan, until - now)
            with r.when(ready < 0):
                r.give(r.word(End.TIME))
            with r.when(_is_ready(plan, 0)):
                r.give(r.word(End.SELDOM))
            with r.when(_is_ready(plan, 2)):
                standby, witness = plan.address("standby"), plan.address("witness")
                with r.when(r.call(code["take"], r["plan"], witness, r.word(0)).differs(0)):
                    r.give(r.word(End.WITNESS_SAID))
                with r.when(r.call(code["take"], r["plan"], standby, r.word(1)).differs(0)):
                    r.give(r.word(End.STANDBY_SAID))
            with r.when(_is_ready(plan, 1)):
                ends = r.call(code["scanned"], r["plan"])
                with r.when(ends >= 0):
                    r.give(ends)
            with r.when(plan["is_under_way"].equals(0)):
                with r.when(r.call(code["now"], r["plan"]) >= plan["soft_ns"]):
                    r.give(r.word(End.TIME))
                with r.when(plan["scans"] >= TRIPS):
                    r.give(r.word(End.TIME))
        r.give(r.word(End.TIME))


def _out_of_time(r: Routine, code: Code, plan: View, now: Word) -> Word:
    """What the witness has answered meanwhile keeps the lease where the standby is silent."""
    said = r.call(code["take"], r["plan"], plan.address("witness"), r.word(0))
    ends = (now < plan["heartbeat_due_ns"]).choose(r.word(End.TIME), r.word(End.NO_SCAN))
    ends = plan["is_under_way"].differs(0).choose(r.word(End.LATE), ends)
    return said.differs(0).choose(r.word(End.WITNESS_SAID), ends)


def _wait(r: Routine, code: Code, plan: View, wait_ns: Word) -> Word:
    time = r.room(16)
    time.store(wait_ns // _NS_PER_S)
    time.at(8).store(wait_ns % _NS_PER_S)
    return r.call(code["ppoll"], plan.address("polled"), r.word(3), time, r.null())


def _is_ready(plan: View, place: int) -> Word:
    return plan.address("polled").at(8 * place + 6).load(I16).differs(0)


def _put(r: Routine, at: Word, value: Word) -> None:
    """Store a word that may lie anywhere."""
    room: Local = r.local(value.ir.type, value)
    r.copy(at, room.pointer, r.word(value.ir.type.width // 8))


def _get(r: Routine, at: Word) -> Word:
    """Load 64 bits that may lie anywhere."""
    room = r.local(I64, r.word(0))
    r.copy(room.pointer, at, r.word(8))
    return room.get()
