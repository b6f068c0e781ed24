"""Controller and plant compiled together: one native run on virtual time, with the wires between them in it.

    run = CoupledRun(controller, plant, kernels, cycle_ns=10_000_000, seed=1)
    run.watch(["plant_1.p_set_kw", "plant/plant.p_grid_kw"], every_ns=1_000_000_000)
    run.advance(360_000)

Names are the controller's; with `plant/` in front they are the plant's. Polls, messages and writes cross as in
sim/loop/transfer.py, with the profiles' rounding, at their periods, in phases drawn from the seed. The same seed gives
the same run, bit for bit, in every process.
"""

import ctypes
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.iomap.plan.plan import DevicePlan, InputPoint, IoPlan, LinkPlan, OutputPoint
from runtime.iomap.wire import CanWire
from runtime.scan.imaged import ImagedScan
from runtime.scan.kernel import Kernel
from runtime.scan.virtual import START_NS, WALL_START_NS
from runtime.sim.coupled.code import CouplingKernel
from runtime.sim.coupled.passages import Ends, form_of, passage_of
from runtime.sim.coupled.plan import Caption, Check, Coupling, Gauge, Mode, Passage, Transfer, TransferKind
from runtime.sim.loop.transfer import pace_of

PLANT_PREFIX = "plant/"
Samples = npt.NDArray[np.float64]
"""Shape (samples, 1 + watched variables): seconds since the first scan, then the values in order of `watch`."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """The native code of scan and coupling."""

    scan: Kernel
    coupling: CouplingKernel


@dataclass(frozen=True, slots=True)
class CoupledSide:
    """A controller or a plant, and how its tags lie on the wire."""

    scan: ImagedScan
    plan: IoPlan


@dataclass(frozen=True, slots=True)
class Condition:
    """What to judge after each scan: `name` within low..high (outside when not `inside`), both times inclusive."""

    name: str
    low: float
    high: float
    inside: bool
    from_ns: int
    until_ns: int


class CoupledRun:
    """Both sides of a site on virtual time. Scan 1 is at START_NS; times of the interface count from it."""

    def __init__(
        self,
        controller: CoupledSide,
        plant: CoupledSide,
        kernels: Kernels,
        *,
        cycle_ns: int,
        seed: int = 1,
        wall_start_ns: int = WALL_START_NS,
    ) -> None:
        self.controller, self.plant, self.cycle_ns = controller.scan, plant.scan, cycle_ns
        self._site, self._served = controller.plan, plant.plan
        self._kernels = kernels
        self._kept: list[Any] = []
        self.scan_no = 0
        self._devices = [device.name for device, _ in _devices(controller.plan)]
        self._modes = (ctypes.c_uint32 * len(self._devices))()
        made = Coupling(cycle_ns=cycle_ns, now_ns=START_NS - cycle_ns, wall_ns=wall_start_ns - cycle_ns)
        made.scan_step = ctypes.cast(kernels.scan.step, ctypes.c_void_p).value  # type: ignore[arg-type]
        made.controller, made.plant = controller.scan.plan.address, plant.scan.plan.address
        made.modes, made.start_ns, made.random = ctypes.addressof(self._modes), START_NS, seed
        self._coupling = made
        transfers = self._transfers(random.Random(seed))  # noqa: S311 - a reproducible draw, nothing secret
        self._transfer_table = (Transfer * len(transfers))(*transfers)
        made.transfers, made.transfer_count = ctypes.addressof(self._transfer_table), len(transfers)
        order = sorted(range(len(transfers)), key=lambda number: (transfers[number].next_ns, number))
        self._queue = (ctypes.c_uint32 * len(order))(*order)
        made.queue = ctypes.addressof(self._queue)
        self._gauges: Any = None
        self._watched: tuple[Variable, ...] = ()
        self._captions: Any = None
        self._texts: tuple[Variable, ...] = ()
        self._caption_rows: list[bytes] = []
        self._checks: Any = None

    @property
    def t_ns(self) -> int:
        """Time of the last scan since the first."""
        now_ns: int = self._coupling.now_ns
        return now_ns - START_NS

    @property
    def devices(self) -> Sequence[str]:
        """Devices of the controller's map."""
        return self._devices

    def side(self, name: str) -> tuple[ImagedScan, str]:
        """The side that a name belongs to, and its name there."""
        if name.startswith(PLANT_PREFIX):
            return self.plant, name.removeprefix(PLANT_PREFIX)
        return self.controller, name

    def set_mode(self, device: str, mode: Mode) -> None:
        """Have a device answer so from the next scan on."""
        self._modes[self._devices.index(device)] = mode

    def poll_every(self, device: str, period_ns: int) -> None:
        """Have a device's readings come so often, whatever its profile says: for studies of slow and fast meters."""
        number = self._devices.index(device)
        for transfer in self._transfer_table:
            if transfer.device == number and transfer.kind == TransferKind.READINGS:
                transfer.period_ns = period_ns

    def watch(self, names: Sequence[str], *, every_ns: int, texts: Sequence[str] = ()) -> None:
        """Look at these variables after each scan, and keep a sample every so often, from the first scan on.

        With every sample the strings `texts` are kept too.
        """
        found = [(side, side.find(name)) for side, name in map(self.side, names)]
        self._watched = tuple(variable for _, variable in found)
        self._gauges = (Gauge * len(found))(*(_gauge(side, variable) for side, variable in found))
        self._coupling.gauges, self._coupling.gauge_count = ctypes.addressof(self._gauges), len(found)
        self._coupling.sample_every = max(1, round(every_ns / self.cycle_ns))
        self._coupling.sample_in = 1
        told = [(side, side.find(name)) for side, name in map(self.side, texts)]
        self._texts = tuple(variable for _, variable in told)
        self._captions = (Caption * len(told))(*(Caption(s.app_address + v.offset, v.type.size) for s, v in told))
        self._coupling.captions, self._coupling.caption_count = ctypes.addressof(self._captions), len(told)

    def texts(self) -> list[list[str]]:
        """What the strings of `watch` were, for each of them and every sample so far."""
        raw, columns, at = b"".join(self._caption_rows), [], 0
        row_size = sum(variable.type.size for variable in self._texts)
        for variable in self._texts:
            places = range(at, len(raw), row_size)
            columns.append([str(variable.type.unpack(raw, place)) for place in places])
            at += variable.type.size
        return columns

    @property
    def watched(self) -> Sequence[Variable]:
        """The variables of `watch`."""
        return self._watched

    def gauge(self, i: int) -> Gauge:
        """What watched variable number `i` has been so far."""
        found: Gauge = self._gauges[i]
        return found

    def judge(self, conditions: Sequence[Condition]) -> None:
        """Judge these after each scan from the next one on."""
        self._checks = (Check * len(conditions))(*map(self._check, conditions))
        self._coupling.checks, self._coupling.check_count = ctypes.addressof(self._checks), len(conditions)

    def verdict(self, i: int) -> tuple[int | None, int | None, float]:
        """When condition `i` first held and first failed, ns since the first scan, and the value that failed."""
        check: Check = self._checks[i]
        held, failed = (at - START_NS if at else None for at in (check.held_ns, check.failed_ns))
        return held, failed, check.failed_value

    def advance(self, count: int) -> Samples:
        """So many scans of both sides, one cycle apart; the samples taken meanwhile."""
        coupling = self._coupling
        watching = coupling.gauge_count or coupling.caption_count
        rows = count // coupling.sample_every + 1 if watching else 0
        samples = np.zeros((rows, coupling.gauge_count + 1))
        coupling.samples, coupling.sample_room = samples.ctypes.data, rows
        captions = ctypes.create_string_buffer(rows * sum(variable.type.size for variable in self._texts) or 1)
        coupling.caption_samples = ctypes.addressof(captions)
        self._kernels.coupling.run(ctypes.addressof(coupling), count)
        self.scan_no += count
        self._caption_rows.append(captions.raw[: coupling.caption_samples - ctypes.addressof(captions)])
        return samples[: rows - coupling.sample_room]

    def _check(self, told: Condition) -> Check:
        side, name = self.side(told.name)
        gauge = _gauge(side, side.find(name))
        made = Check(gauge.source, gauge.form, gauge.size, told.inside, told.low, told.high)
        made.from_ns, made.until_ns = START_NS + told.from_ns, START_NS + told.until_ns
        return made

    def _table(self, of: type[ctypes.Structure], rows: Sequence[ctypes.Structure]) -> int:
        held = (of * len(rows))(*rows)
        self._kept.append(held)
        return ctypes.addressof(held)

    def _transfers(self, phases: random.Random) -> list[Transfer]:
        made: list[Transfer] = []
        for number, (device, link) in enumerate(_devices(self._site)):
            served = self._served.device(device.name)
            if served is None:
                continue  # a device of the site that the plant does not play: it never answers
            for transfer in self._transfers_of(device, served, link):
                if not transfer.passage_count:
                    continue  # a message of the profile of which nothing is bound
                to_plant = transfer.kind != TransferKind.READINGS
                sink, page = (self.plant, served.name) if to_plant else (self.controller, device.name)
                transfer.device, transfer.page_mark = number, sink.page_mark(page)
                transfer.next_ns = START_NS + round(phases.random() * transfer.period_ns)
                made.append(transfer)
        if not made:
            raise ConfigFault("controller and plant have no device in common", mend="use the same device names in both")
        return made

    def _transfers_of(self, device: DevicePlan, served: DevicePlan, link: LinkPlan) -> list[Transfer]:
        inward = {point.entry: self._inward(device, point, served) for point in device.inputs}
        outward = [
            (point, self._outward(point, served, sink))
            for point in device.outputs
            if isinstance(sink := served.point(point.name), InputPoint)
        ]
        if link.kind == "can":
            return self._messages(device, inward, outward)
        pace = pace_of(device, link, self.cycle_ns)
        made = [
            self._transfer(
                TransferKind.READINGS,
                [inward[entry] for entry in entries],
                period_ns,
                link.attempts * link.timeout_ns,
            )
            for period_ns, entries in pace.reads
        ]
        if outward:
            made.append(self._transfer(TransferKind.WRITES, [passage for _, passage in outward], pace.slot_ns))
        return made

    def _messages(
        self, device: DevicePlan, inward: dict[int, Passage], outward: list[tuple[OutputPoint, Passage]]
    ) -> list[Transfer]:
        made: list[Transfer] = []
        for message in device.messages:
            if message.sent:
                sent = [passage for point, passage in outward if _is_of(point, message.name)]
                made.append(self._transfer(TransferKind.SENT, sent, message.period_ns))
            else:
                heard = [inward[point.entry] for point in device.inputs if _is_of(point, message.name)]
                made.append(self._transfer(TransferKind.READINGS, heard, message.period_ns, message.timeout_ns))
        return made

    def _transfer(
        self, kind: TransferKind, passages: Sequence[Passage], period_ns: int, lost_after_ns: int = 0
    ) -> Transfer:
        table = self._table(Passage, passages)
        return Transfer(kind, 0, 0, period_ns, lost_after_ns, 0, table, len(passages))

    def _inward(self, device: DevicePlan, point: InputPoint, served: DevicePlan) -> Passage:
        source = served.point(point.name)
        sink = self.controller.point_addresses(device.name, point.entry)
        if isinstance(source, OutputPoint):
            return passage_of(Ends(source, self.plant.frame_value(source.entry), point, sink), self._kept)
        return passage_of(Ends(None, 0, point, sink), self._kept)

    def _outward(self, point: OutputPoint, served: DevicePlan, sink: InputPoint) -> Passage:
        ends = Ends(
            point, self.controller.frame_value(point.entry), sink, self.plant.point_addresses(served.name, sink.entry)
        )
        return passage_of(ends, self._kept)


def _gauge(side: ImagedScan, variable: Variable) -> Gauge:
    made = Gauge(side.app_address + variable.offset, form_of(variable.type), variable.type.size)
    made.minimum, made.maximum = float("inf"), float("-inf")
    return made


def _is_of(point: InputPoint | OutputPoint, message: str) -> bool:
    return isinstance(point.wire, CanWire) and point.wire.message == message


def _devices(plan: IoPlan) -> list[tuple[DevicePlan, LinkPlan]]:
    links = {link.name: link for link in plan.links}
    return [(device, links[name]) for name, devices in plan.devices.items() for device in devices]
