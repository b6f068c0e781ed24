"""What the devices of one CAN bus make of frames and time: no socket, no clock, no waiting.

The driver brings frames as they come and asks what is due; the same code serves a played device: the plan then says
that the device's messages are sent and the controller's received. A message is sent only while there is something to
say: when the sink gives no value, or every point of the message holds in fail-safe, the bus falls silent and the other
side's own time-out acts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import can

from runtime.core.elementary import Value
from runtime.drivers.base import DeviceStatistics, LinkContext
from runtime.drivers.can.busstate import BusState, BusTrouble
from runtime.drivers.can.received import News, ReceivedMessage
from runtime.drivers.can.sent import SentMessage
from runtime.drivers.lossreport import LossReport
from runtime.drivers.page import DevicePage
from runtime.iomap.dbc import parse_database
from runtime.iomap.plan.plan import DevicePlan, MessagePlan
from runtime.iomap.plan.settings import CanSettings

IDLE_NS = 1_000_000_000


@dataclass(slots=True)
class Member:
    """One device on the bus."""

    plan: DevicePlan
    page: DevicePage
    statistics: DeviceStatistics
    received: list[ReceivedMessage]
    sent: list[SentMessage]
    report: LossReport


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A frame that is to be sent now. `variant` counts the multiplexer values of its message.

    `repeats`: nothing in it changes but by its values.
    """

    member: Member
    plan: MessagePlan
    frame: can.Message
    variant: int
    repeats: bool


class Station:
    """The devices of one bus."""

    def __init__(self, context: LinkContext) -> None:
        self._context = context
        self.bus = BusState()
        context.buses[context.link.name] = self.bus
        self._trouble = BusTrouble(context.link.name, context.on_event)
        settings = context.link.settings
        self._switches_rate = isinstance(settings, CanSettings) and settings.data_bitrate > settings.bitrate
        self.members = [_member(context, plan) for plan in context.devices]
        self._by_id: dict[tuple[int, bool], dict[int, tuple[Member, ReceivedMessage]]] = {}
        """By the bits that count and the kind of id, then by the id in those bits."""
        for member in self.members:
            for message in member.received:
                mask = (message.plan.id_mask, message.plan.extended)
                own = message.plan.frame_id & message.plan.id_mask
                self._by_id.setdefault(mask, {})[own] = (member, message)

    @property
    def received(self) -> list[MessagePlan]:
        """The messages that are expected: nothing else needs to come in."""
        return [message.plan for member in self.members for message in member.received]

    def opened(self, now_ns: int) -> None:
        """The bus has just been opened."""
        self.bus.opened()
        for member in self.members:
            for received in member.received:
                received.opened(now_ns)
            for sent in member.sent:
                sent.next_ns = now_ns

    def take(self, frames: Iterable[can.Message], now_ns: int) -> bool:
        """Take the frames that came; of a message's frames the newest counts. True when a device was heard.

        Of a multiplexed message every frame counts, and so does each short one.
        """
        newest: dict[int, tuple[Member, ReceivedMessage, can.Message]] = {}
        heard = False
        for frame in frames:
            if frame.is_error_frame:
                self._error(frame)
                continue
            found = None if frame.is_remote_frame else self.find(frame)
            if found is None:
                continue
            member, message = found
            member.statistics.requests += 1
            if message.multiplexed:
                heard |= self._take(member, message, frame, now_ns)
            else:
                newest[id(message)] = (member, message, frame)
        for member, message, frame in newest.values():
            heard |= self._take(member, message, frame, now_ns)
        return heard

    def due(self, now_ns: int) -> Iterator[Outgoing]:
        """The frames to send now; what has stayed away turns BAD."""
        self._trouble.review(self.bus, now_ns)
        for member in self.members:
            for sent in member.sent:
                if sent.next_ns <= now_ns:
                    sent.next_ns += sent.plan.period_ns * ((now_ns - sent.next_ns) // sent.plan.period_ns + 1)
                    yield from self._frames(member, sent, now_ns)
            for received in member.received:
                for group in received.overdue(now_ns):
                    group.missing = True
                    member.page.bad(group.entries.values())
                    member.page.publish()
                    self._lose(member, _why_missing(received, group.when), now_ns)
            member.report.review(now_ns)

    def next_ns(self, now_ns: int) -> int:
        """When `due` has something to do again, if nothing comes."""
        times = [now_ns + IDLE_NS]
        for member in self.members:
            times += [sent.next_ns for sent in member.sent]
            times += [at for received in member.received if (at := received.overdue_ns()) is not None]
        return min(time_ns for time_ns in times if time_ns > now_ns)

    def everything(self, now_ns: int) -> Iterator[Outgoing]:
        """Every message once, whether it is due or not: io is on its way down."""
        for member in self.members:
            for sent in member.sent:
                yield from self._frames(member, sent, now_ns)

    def find(self, frame: can.Message) -> tuple[Member, ReceivedMessage] | None:
        """The device and message that a data frame is of."""
        for (mask, extended), messages in self._by_id.items():
            if extended == frame.is_extended_id and (found := messages.get(frame.arbitration_id & mask)) is not None:
                return found
        return None

    def broken(self, why: str, now_ns: int) -> None:
        """The bus is gone: all inputs are BAD."""
        for member in self.members:
            member.page.all_bad()
            member.page.publish()
            self._lose(member, why, now_ns)

    def _error(self, frame: can.Message) -> None:
        self.bus.take(frame)
        for member in self.members:
            member.statistics.errors += 1

    def _take(self, member: Member, message: ReceivedMessage, frame: can.Message, now_ns: int) -> bool:
        news = message.take(bytes(frame.data), now_ns)
        if news is not None:
            self._publish(member, news, now_ns)
            return True
        member.statistics.errors += 1
        if message.unsound:
            for group in message.groups:
                group.missing = True
                member.page.bad(group.entries.values())
            member.page.publish()
            self._lose(member, _why_missing(message, ""), now_ns)
        return False

    def _publish(self, member: Member, news: News, now_ns: int) -> None:
        for entry, raw in news.raw.items():
            member.page.take(entry, raw, now_ns)
        member.page.bad(news.without)
        member.page.publish()
        for group in news.groups:
            group.last_ns, group.missing = now_ns, False
        member.statistics.last_good_ns = now_ns
        if not any(group.missing for message in member.received for group in message.groups):
            member.statistics.connected = True
            member.report.regain(now_ns)

    def _lose(self, member: Member, why: str, now_ns: int) -> None:
        member.statistics.connected = False
        member.report.lose(why, now_ns)

    def _frames(self, member: Member, sent: SentMessage, now_ns: int) -> Iterator[Outgoing]:
        values = [self._context.sink.value(point, now_ns) for point in sent.points]
        if self._context.sink.is_silent(now_ns) and not any(value is not None for value in values):
            return
        if not self._has_something_to_say(sent.plan, values, now_ns):
            return
        for variant, payload in enumerate(sent.payloads(values)):
            frame = can.Message(
                arbitration_id=sent.plan.frame_id,
                is_extended_id=sent.plan.extended,
                is_fd=sent.plan.fd,
                bitrate_switch=sent.plan.fd and self._switches_rate,
                data=payload,
                check=True,
            )
            yield Outgoing(member, sent.plan, frame, variant, sent.is_constant)

    def _has_something_to_say(self, plan: MessagePlan, values: list[Value | None], now_ns: int) -> bool:
        if plan.keep_alive == "always" or any(value is not None for value in values):
            return True
        return plan.keep_alive == "driving" and self._context.sink.drives(now_ns)


def _member(context: LinkContext, plan: DevicePlan) -> Member:
    database = parse_database(plan.dbc, plan.dbc_format or "dbc")
    received, sent = [], []
    for message in plan.messages:
        codec = database.get_message_by_name(message.name)
        if message.sent:
            sent.append(SentMessage(message, codec, plan.outputs))
        else:
            received.append(ReceivedMessage(message, codec, plan.inputs))
    report = LossReport(plan.name, context.on_event)
    return Member(plan, context.pages[plan.name], context.statistics[plan.name], received, sent, report)


def _why_missing(message: ReceivedMessage, when: str) -> str:
    name = f"{message.plan.name} (0x{message.plan.frame_id:X})"
    if message.problem:
        return f"{name} {message.problem}"
    return f"no {name}{' with ' + when if when else ''} for {message.plan.timeout_ns // 1_000_000} ms"
