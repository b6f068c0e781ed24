"""A write at the standby's gateway: passed on to the leader under the same number until somebody answers."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.commands.remembered import Memory
from runtime.commands.submission import REUSED, Ending, Taken, Write
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.agreement import Agreement
from runtime.gateway.writes.commandjournal import CommandJournal
from runtime.gateway.writes.pairsubmitter import PairSubmitter
from runtime.gateway.writes.way import AgreedWay
from runtime.image.mailbox import MailboxWriter
from tests.gateway.standin import Controller

STANDBY = {"name": "b", "drives": False, "leader": "a"}
TTL_NS = 60 * 10**9


class PlayedAgreement(Agreement):
    """Answers what is relayed from a list; None: nobody has answered in time."""

    def __init__(self, run: Path, answers):
        super().__init__(run)
        self.status, self.asked, self._answers = STANDBY, [], list(answers)

    async def relay(self, content, *, within_ns):  # noqa: ARG002 - time is played too
        self.asked.append((content["client"], content["seq"], content["target"], content["value"]))
        return self._answers.pop(0)


def submitter_of(controller, agreement, journal, memory):
    return PairSubmitter(
        Observer(controller.manifest, controller.image, controller.control),
        MailboxWriter(controller.control),
        memory,
        journal,
        agreement=agreement,
        tell=lambda *_: None,
    )


def submitted(controller, answers, *, ttl_ns=TTL_NS):
    agreement = PlayedAgreement(controller.run, answers)
    memory = Memory()
    submitter = submitter_of(controller, agreement, CommandJournal(controller.run / "journal", memory, print), memory)
    leaf = controller.leaf("rack_1.soc_pct")
    outcome = asyncio.run(submitter.write(leaf, 50.0, client="scada", seq=7, ttl_ns=ttl_ns))
    return outcome, agreement.asked


def test_write_when_the_leader_dies_and_another_one_answers_then_all_were_asked_for_the_very_same(
    controller: Controller,
):
    outcome, asked = submitted(
        controller, [None, {"again": "leadership has just changed"}, {"ending": "done", "reason": ""}]
    )
    assert outcome.ending is Ending.DONE
    assert asked == [("scada", 7, "rack_1.soc_pct", 50.0)] * 3


def test_write_when_nobody_ever_answers_then_it_is_unknown_and_not_refused(controller: Controller):
    outcome, asked = submitted(controller, [None] * 100, ttl_ns=10**8)
    assert outcome.ending is Ending.TIMED_OUT
    assert "it may have run" in outcome.reason
    assert asked


def test_write_when_the_leaders_gateway_ends_then_who_asks_again_is_answered_by_the_log(controller: Controller):
    agreement, memory, proposed = PlayedAgreement(controller.run, []), Memory(), asyncio.Event()
    agreement.status = STANDBY | {"drives": True}
    agreement.propose = lambda *_: proposed.set() or ""
    journal = CommandJournal(controller.run / "journal", memory, print)
    submitter = submitter_of(controller, agreement, journal, memory)
    leaf = controller.leaf("rack_1.soc_pct")

    async def asked():
        asking = asyncio.create_task(submitter.write(leaf, 50.0, client="anna", seq=7, ttl_ns=TTL_NS))
        await proposed.wait()
        assert memory.find("anna", 7) is not None
        submitter.let_go()
        return await asking

    outcome = asyncio.run(asked())
    journal.close()
    assert outcome.ending is Ending.TIMED_OUT
    assert memory.find("anna", 7) is None


@pytest.mark.parametrize(
    ("target", "value", "how"), [("a.x", 5.0, Taken.WRITTEN), ("a.x", 6.0, Taken.REFUSED), ("a.y", 5.0, Taken.REFUSED)]
)
def test_write_when_its_number_was_agreed_on_before_then_is_done_only_if_it_is_the_same(
    controller: Controller, target, value, how
):
    agreement = PlayedAgreement(controller.run, [])
    agreement.propose = lambda client, seq, body: proposed.append((client, seq, body)) or ""
    proposed, leaf = [], controller.leaf("rack_1.soc_pct")
    mailbox = SimpleNamespace(arrived=lambda _: [], forget=lambda _: None)
    way = AgreedWay(mailbox, agreement, value_of=lambda *_: leaf, tell=print, wake=lambda: None)
    way.put(Write(1, "a.x", 5.0, False, 3, 0), "client", 9)
    way.put(Write(2, target, value, False, 4, 0), "client", 9)
    agreement.on_known(17, *proposed[0])
    [arrival] = way.arrived(0)
    assert (arrival.ticket, arrival.how) == (2, how)
    assert arrival.reason == ("" if how is Taken.WRITTEN else REUSED)
