"""The dispatcher, step by step on a clock of the test's own (ns)."""

import random

from runtime.commands.dispatcher import OLD_ANSWER_WITHIN_NS, WAITING_MAX, WRITES_MAX, Dispatcher
from runtime.commands.remembered import REMEMBERED_NS
from runtime.commands.submission import (
    TTL_MAX_NS,
    Accepted,
    Ack,
    Duplicate,
    Effect,
    Ended,
    Ending,
    Outcome,
    Rejected,
    Submit,
    Taken,
    Write,
)

TTL = 5_000


def command(seq: int, value: int = 1, *, client: str = "hmi", target: str = "mode", ttl: int = TTL) -> Submit:
    return Submit(client, seq, target, value, ttl, is_command=True)


def write(seq: int, value: int = 1, *, ttl: int = TTL) -> Submit:
    return Submit("cli", seq, "main.x", value, ttl, is_command=False)


def accepted(dispatcher: Dispatcher, submit: Submit, now: int = 0) -> tuple[int, list[Effect]]:
    verdict, effects = dispatcher.submit(submit, now)
    assert isinstance(verdict, Accepted)
    return verdict.ticket, effects


def test_command_when_program_acknowledges_done_then_done() -> None:
    d = Dispatcher(["mode"])
    ticket, effects = accepted(d, command(1, 7))
    assert effects == [Write(ticket, "mode", 7, is_command=True, request_seq=1, expires_ns=TTL)]
    assert d.taken(ticket, Taken.WRITTEN, 10) == []
    assert d.observe({"mode": Ack(0, "NONE")}, 20) == []
    assert d.observe({"mode": Ack(1, "ACCEPTED")}, 30) == []
    assert d.observe({"mode": Ack(1, "DONE")}, 40) == [Ended(ticket, Outcome(Ending.DONE, "DONE"))]
    assert d.is_idle


def test_command_when_program_refuses_then_refused_with_the_label() -> None:
    d = Dispatcher(["mode"])
    ticket, _ = accepted(d, command(1))
    d.taken(ticket, Taken.WRITTEN, 1)
    ended = d.observe({"mode": Ack(1, "REFUSED_STATE")}, 2)
    assert ended == [Ended(ticket, Outcome(Ending.REFUSED, "REFUSED_STATE"))]


def test_command_when_an_old_acknowledgement_stands_then_it_is_not_taken_for_its_own() -> None:
    d = Dispatcher(["mode"])
    d.start_after(41)
    ticket, effects = accepted(d, command(1))
    assert isinstance(effects[0], Write)
    assert effects[0].request_seq == 42
    assert d.observe({"mode": Ack(42, "DONE")}, 1) == []  # before the scan has even taken it
    d.taken(ticket, Taken.WRITTEN, 2)
    assert d.observe({"mode": Ack(41, "DONE")}, 3) == []
    assert d.observe({"mode": Ack(42, "DONE")}, 4) != []


def test_command_when_nobody_acknowledges_then_times_out_and_says_where_it_stopped() -> None:
    for taken, ack, reason in (
        (False, None, "the scan did not take it"),
        (True, Ack(0, "NONE"), "no program acknowledged it"),
        (True, Ack(1, "CHECKING"), "the program left it at CHECKING"),
    ):
        d = Dispatcher(["mode"])
        ticket, _ = accepted(d, command(1))
        if taken:
            d.taken(ticket, Taken.WRITTEN, 1)
        acks = {} if ack is None else {"mode": ack}
        assert d.observe(acks, TTL - 1) == []
        assert d.observe(acks, TTL) == [Ended(ticket, Outcome(Ending.TIMED_OUT, reason))]


def test_command_when_the_program_is_still_at_it_then_ends_as_accepted() -> None:
    d = Dispatcher(["plant"])
    ticket, _ = accepted(d, command(1, target="plant"))
    d.taken(ticket, Taken.WRITTEN, 1)
    acks = {"plant": Ack(1, "ACCEPTED")}
    assert d.observe(acks, TTL - 1) == []
    assert d.observe(acks, TTL) == [Ended(ticket, Outcome(Ending.ACCEPTED, "ACCEPTED"))]


def test_command_when_the_one_before_is_accepted_then_it_does_not_wait_for_its_end() -> None:
    d = Dispatcher(["plant"])
    start, _ = accepted(d, command(1, 1, target="plant"))
    d.taken(start, Taken.WRITTEN, 1)
    stop, effects = accepted(d, command(2, 2, target="plant"))
    assert effects == []
    ended, given = d.observe({"plant": Ack(1, "ACCEPTED")}, 2)
    assert ended == Ended(start, Outcome(Ending.ACCEPTED, "ACCEPTED"))
    assert given == Write(stop, "plant", 2, is_command=True, request_seq=2, expires_ns=TTL)


def test_command_when_scan_lets_it_expire_or_refuses_then_ends_so() -> None:
    for how, ending in ((Taken.EXPIRED, Ending.TIMED_OUT), (Taken.REFUSED, Ending.REFUSED)):
        d = Dispatcher(["mode"])
        ticket, _ = accepted(d, command(1))
        (ended,) = d.taken(ticket, how, 1)
        assert isinstance(ended, Ended)
        assert ended.outcome.ending is ending
        assert d.is_idle


def test_commands_when_of_one_name_then_one_at_a_time_in_order() -> None:
    d = Dispatcher(["mode", "reset"])
    first, _ = accepted(d, command(1, 1))
    second, effects = accepted(d, command(2, 2))
    assert effects == []
    _, other = accepted(d, command(3, 1, target="reset"))
    assert other != []
    d.taken(first, Taken.WRITTEN, 1)
    ended, started = d.observe({"mode": Ack(1, "DONE")}, 2)
    assert ended == Ended(first, Outcome(Ending.DONE, "DONE"))
    assert started == Write(second, "mode", 2, is_command=True, request_seq=3, expires_ns=TTL)


def test_command_when_it_waits_past_its_life_then_times_out_and_never_runs() -> None:
    d = Dispatcher(["mode"])
    first, _ = accepted(d, command(1, ttl=10_000))
    waiting, _ = accepted(d, command(2, ttl=100))
    d.taken(first, Taken.WRITTEN, 1)
    effects = d.observe({}, 100)
    assert effects == [Ended(waiting, Outcome(Ending.TIMED_OUT, "another command of this name was under way"))]
    (ended,) = d.observe({"mode": Ack(1, "DONE")}, 101)
    assert isinstance(ended, Ended)
    assert ended.ticket == first


def test_submit_when_repeated_then_same_ticket_and_nothing_runs_twice() -> None:
    d = Dispatcher(["mode"])
    ticket, _ = accepted(d, command(1))
    assert d.submit(command(1), 5) == (Duplicate(ticket, None), [])
    d.taken(ticket, Taken.WRITTEN, 6)
    d.observe({"mode": Ack(1, "DONE")}, 7)
    assert d.submit(command(1), 8) == (Duplicate(ticket, Outcome(Ending.DONE, "DONE")), [])
    other, _ = accepted(d, command(1, client="scada"), 9)
    assert other != ticket


def test_submit_when_sequence_number_is_used_for_something_else_then_rejected() -> None:
    d = Dispatcher(["mode"])
    accepted(d, command(1, 1))
    verdict, effects = d.submit(command(1, 2), 1)
    assert isinstance(verdict, Rejected)
    assert effects == []


def test_submit_when_memory_is_full_then_rejected_until_the_oldest_is_old_enough() -> None:
    d = Dispatcher([], remembered_max=2)
    for seq in (1, 2):
        ticket, _ = accepted(d, write(seq), now=seq)
        d.taken(ticket, Taken.WRITTEN, seq)
    assert isinstance(d.submit(write(3), REMEMBERED_NS)[0], Rejected)
    assert isinstance(d.submit(write(1), REMEMBERED_NS)[0], Duplicate)
    assert isinstance(d.submit(write(3), REMEMBERED_NS + 1)[0], Accepted)


def test_submit_when_out_of_bounds_then_rejected_with_the_reason() -> None:
    d = Dispatcher(["mode"])
    for bad, says in (
        (command(1, ttl=0), "time to live"),
        (command(1, ttl=TTL_MAX_NS + 1), "time to live"),
        (command(1, target="mood"), "no such command"),
    ):
        verdict, effects = d.submit(bad, 0)
        assert isinstance(verdict, Rejected)
        assert says in verdict.reason
        assert effects == []


def test_submit_when_too_many_wait_then_rejected() -> None:
    d = Dispatcher(["mode"])
    for seq in range(WAITING_MAX + 1):
        accepted(d, command(seq))
    assert isinstance(d.submit(command(99), 0)[0], Rejected)
    for seq in range(WRITES_MAX):
        accepted(d, write(seq))
    assert isinstance(d.submit(write(99), 0)[0], Rejected)


def test_write_when_scan_has_written_then_done() -> None:
    d = Dispatcher([])
    ticket, effects = accepted(d, write(1, 5))
    assert effects == [Write(ticket, "main.x", 5, is_command=False, request_seq=0, expires_ns=TTL)]
    assert d.taken(ticket, Taken.WRITTEN, 1) == [Ended(ticket, Outcome(Ending.DONE))]


def test_write_when_scan_is_dead_then_times_out() -> None:
    d = Dispatcher([])
    ticket, _ = accepted(d, write(1))
    assert d.observe({}, TTL) == [Ended(ticket, Outcome(Ending.TIMED_OUT, "the scan did not take it"))]
    assert d.taken(ticket, Taken.WRITTEN, TTL + 1) == []


def test_request_numbers_when_they_wrap_then_zero_is_left_out() -> None:
    d = Dispatcher(["a", "b"])
    d.start_after(2**32 - 2)
    _, (first,) = accepted(d, command(1, target="a"))
    _, (second,) = accepted(d, command(2, target="b"))
    assert isinstance(first, Write)
    assert isinstance(second, Write)
    assert (first.request_seq, second.request_seq) == (2**32 - 1, 1)


def test_dispatcher_when_anything_happens_in_any_order_then_each_accepted_command_ends_exactly_once() -> None:
    for seed in range(60):
        chance = random.Random(seed)
        d = Dispatcher(["mode", "reset"])
        open_tickets: set[int] = set()
        writes: dict[int, Write] = {}
        ended: list[int] = []

        def carry_out(effects: list[Effect]) -> None:
            for effect in effects:
                if isinstance(effect, Write):
                    assert effect.ticket not in writes, f"seed {seed}: written twice"  # noqa: B023
                    writes[effect.ticket] = effect  # noqa: B023
                else:
                    ended.append(effect.ticket)  # noqa: B023

        now = 0
        for _ in range(200):
            now += chance.randrange(200)
            move = chance.randrange(3)
            if move == 0:
                target = chance.choice(["mode", "reset"])
                verdict, effects = d.submit(command(chance.randrange(40), 1, target=target), now)
                if isinstance(verdict, Accepted):
                    open_tickets.add(verdict.ticket)
                carry_out(effects)
            elif move == 1 and writes:
                carry_out(d.taken(chance.choice(list(writes)), chance.choice(list(Taken)), now))
            elif writes:
                seen = chance.choice(list(writes.values()))
                label = chance.choice(["NONE", "ACCEPTED", "DONE", "REFUSED_RANGE"])
                carry_out(d.observe({seen.target: Ack(seen.request_seq, label)}, now))
        for _ in range(WAITING_MAX + 2):
            now += TTL
            carry_out(d.observe({}, now))
        assert d.is_idle, f"seed {seed}"
        assert sorted(ended) == sorted(open_tickets), f"seed {seed}"


def test_command_when_another_dispatcher_gave_it_to_the_program_then_its_answer_counts_or_it_is_taken_as_done() -> None:
    for ack, reason in ((Ack(77, "DONE"), "DONE"), (Ack(3, "DONE"), "it was given to the program before")):
        d = Dispatcher(["mode"])
        ticket, _ = accepted(d, command(1, ttl=2 * OLD_ANSWER_WITHIN_NS))
        assert d.taken(ticket, Taken.WRITTEN, 5, request_seq=77) == []
        [ended] = d.observe({"mode": ack}, 5) + d.observe({"mode": ack}, 5 + OLD_ANSWER_WITHIN_NS)
        assert isinstance(ended, Ended)
        assert ended.ticket == ticket
        assert ended.outcome.ending is Ending.DONE
        assert ended.outcome.reason.startswith(reason)
