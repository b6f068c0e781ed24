"""The submitter of a controller in a pair: writes are agreed on first at the leader, the standby's go to the leader.

Whoever is connected to either controller is served the same; what came of it shows in the mirrored values too.
"""

import asyncio
import time

from runtime.commands.remembered import Memory
from runtime.commands.submission import Ending, Outcome, Submit
from runtime.core.fault import ConfigFault
from runtime.gateway.events.audit import Audit
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.agreement import Agreement, Relayed
from runtime.gateway.writes.commandjournal import CommandJournal
from runtime.gateway.writes.submitter import SubmitFault, Submitter
from runtime.gateway.writes.way import AgreedWay, MailboxWay, ValueOf
from runtime.image.mailbox import MailboxWriter
from runtime.wire.fault import ValueFault
from runtime.wire.values import parse, to_json

LOOK_AGAIN_S = 0.02
ASK_AGAIN_NS = 250_000_000
"""A leader that has not answered for so long may be dead; it, or who leads by then, is asked once more."""


class PairSubmitter(Submitter):
    """See the head of this file."""

    def __init__(
        self,
        observer: Observer,
        mailbox: MailboxWriter,
        memory: Memory,
        journal: CommandJournal,
        *,
        agreement: Agreement,
        tell: Audit,
    ) -> None:
        def agreed(direct: MailboxWay, value_of: ValueOf) -> AgreedWay:
            return AgreedWay(
                direct, agreement, value_of=value_of, tell=lambda text: tell("warning", text), wake=self.wake
            )

        super().__init__(observer, mailbox, memory, journal, agreed=agreed)
        self._agreement = agreement
        agreement.on_lead = lambda leads: self.number_anew() if leads else None
        agreement.on_relayed = self._relayed

    def _end_open(self) -> None:
        """Who asks again for what has not ended is answered by the log."""
        self._memory.forget_open()

    async def _submit(self, submit: Submit) -> Outcome:
        until_s, asked = time.monotonic() + submit.ttl_ns / 1e9, False
        while time.monotonic() < until_s:
            status = self._agreement.status
            if status is not None and status["drives"]:
                return await super()._submit(submit)
            if status is not None and status["leader"] not in ("", status["name"]):
                asked = True
                outcome = await self._at_leader(submit, until_s)
                if outcome is not None:
                    return outcome
            await asyncio.sleep(LOOK_AGAIN_S)  # a take-over is under way
        if asked:
            return Outcome(Ending.TIMED_OUT, "the leader has not answered; it may have run: look before trying again")
        raise SubmitFault(
            "nobody leads the pair, so nothing can be agreed on",
            where=submit.target,
            mend="see why: voltscan pair status; then try again",
        )

    async def _at_leader(self, submit: Submit, until_s: float) -> Outcome | None:
        """What came of it at the leader; None when that has not answered yet, or leads no more. It may be asked again,
        or another leader, for the same (client, seq) is done once at most."""
        told = {
            "target": submit.target,
            "value": to_json(submit.value, self.value_of(submit.target, submit.is_command)),
            "is_command": submit.is_command,
            "client": submit.client,
            "seq": submit.seq,
            "ttl_ns": submit.ttl_ns,
        }
        rest_ns = max(1, int((until_s - time.monotonic()) * 1e9))
        answer = await self._agreement.relay(told, within_ns=min(rest_ns, ASK_AGAIN_NS))
        if answer is None or answer.get("again"):
            return None
        if "rejected" in answer:
            raise SubmitFault(str(answer["rejected"]), where=submit.target, mend="look at it again, then try once more")
        return Outcome(Ending(answer["ending"]), str(answer["reason"]))

    async def _relayed(self, told: Relayed) -> Relayed:
        """A submission that came to the other controller."""
        status = self._agreement.status
        if status is None or not status["drives"]:
            return {"again": "leadership has just changed"}
        try:
            variable = self.value_of(told["target"], told["is_command"])
            value = parse(told["value"], variable)
            outcome = await super()._submit(
                Submit(told["client"], told["seq"], told["target"], value, told["ttl_ns"], told["is_command"])
            )
        except (SubmitFault, ConfigFault, ValueFault) as fault:
            return {"rejected": fault.what}
        return {"ending": outcome.ending.value, "reason": outcome.reason}
