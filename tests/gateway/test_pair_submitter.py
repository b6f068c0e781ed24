"""A write at the standby's gateway: passed on to the leader under the same number until somebody answers."""

import asyncio
from pathlib import Path

from runtime.commands.remembered import Memory
from runtime.commands.submission import Ending
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.agreement import Agreement
from runtime.gateway.writes.commandjournal import CommandJournal
from runtime.gateway.writes.pairsubmitter import PairSubmitter
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


def submitted(controller, answers, *, ttl_ns=TTL_NS):
    agreement = PlayedAgreement(controller.run, answers)
    memory = Memory()
    submitter = PairSubmitter(
        Observer(controller.manifest, controller.image, controller.control),
        MailboxWriter(controller.control),
        memory,
        CommandJournal(controller.run / "journal", memory, print),
        agreement=agreement,
        tell=lambda *_: None,
    )
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
