"""Controller and plant coupled on virtual time, with no socket and no clock: minutes of a site in seconds.

Both are scanned on the same base cycle. Between two scans, whatever is due on the simulated wires crosses them:
polls at their periods, CAN messages at theirs, writes as the driver's schedule says (runtime/sim/loop/transfer.py). The
phases of the polls against each other, which nobody controls on a real site, are drawn from `seed`.

    loop = ClosedLoop(model_of(...).side(), model_of(...).side(), seed=1)
    trace = loop.run(60.0, observe=["plant_1.p_set_kw", "plant/plant.p_grid_kw"], every_ms=100)

Names are the controller's; with `plant/` in front they are the plant's. The same seed gives the same run, bit for bit.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterable, Sequence

from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault
from runtime.iomap.plan.plan import DevicePlan, LinkPlan, OutputPoint
from runtime.scan.virtual import START_NS, VirtualScan
from runtime.sim.loop.cell import Cell
from runtime.sim.loop.outage import Outage, OutageKind
from runtime.sim.loop.side import Side
from runtime.sim.loop.trace import Recorder, Trace
from runtime.sim.loop.transfer import Transfer, transfers_of

DEFAULT_CYCLE_NS = 10_000_000
PLANT_PREFIX = "plant/"
TIME_SLACK_S = 1e-6
"""Times in seconds are floats: closer together than this, they are the same."""


class ClosedLoop:
    """A controller and the plant it drives. `t_s` is the time since the first scan."""

    def __init__(
        self, controller: Side, plant: Side, *, seed: int = 1, cycle_ns: int = DEFAULT_CYCLE_NS, wall_start_ns: int = 0
    ) -> None:
        self._controller = controller
        self._plant = plant
        self.controller_scan = VirtualScan(controller.machine, period_ns=cycle_ns, wall_start_ns=wall_start_ns)
        self.plant_scan = VirtualScan(plant.machine, period_ns=cycle_ns, wall_start_ns=wall_start_ns)
        self.cycle_ns = cycle_ns
        self._outages: list[Outage] = []
        self._seqs: dict[str, int] = {}
        self._cells: dict[str, Cell] = {}
        self._phases = random.Random(seed)  # noqa: S311 - a reproducible draw, nothing secret
        self._agenda: list[tuple[int, int, str, Transfer]] = []
        self._fill_agenda()

    @property
    def t_s(self) -> float:
        """Seconds since the first scan."""
        return (self.controller_scan.now_ns - START_NS) / 1e9

    def describe_polls(self) -> str:
        """The devices and the periods at which they are polled, written or heard, for people."""
        periods: dict[str, set[float]] = {}
        for _, _, device, transfer in self._agenda:
            periods.setdefault(device, set()).add(transfer.period_ns / 1e6)
        told = (f"{device} {'/'.join(f'{p:g}' for p in sorted(p_ms))} ms" for device, p_ms in sorted(periods.items()))
        return ", ".join(told)

    def faults(self, outages: Iterable[Outage]) -> None:
        """Have devices fail for spans of time, in seconds of `t_s`."""
        for outage in outages:
            if all(outage.device != device.name for device, _ in _devices(self._controller)):
                known = ", ".join(device.name for device, _ in _devices(self._controller))
                raise ConfigFault(f"there is no device `{outage.device}` to fail", mend=f"devices: {known}")
            self._outages.append(outage)

    def cell(self, name: str) -> Cell:
        """A variable of the controller, or of the plant with `plant/` in front."""
        found = self._cells.get(name)
        if found is None:
            if name.startswith(PLANT_PREFIX):
                found = Cell(self._plant.machine, name.removeprefix(PLANT_PREFIX))
            else:
                found = Cell(self._controller.machine, name)
            self._cells[name] = found
        return found

    def read(self, name: str) -> Value:
        """The value of a variable now."""
        return self.cell(name).read()

    def write(self, name: str, value: Value | str) -> None:
        """Set a variable (a parameter, say) before the next scan."""
        self.cell(name).write(value)

    def command(self, name: str, value: Value | str) -> None:
        """Submit a command of the site map, as the gateway would: value and a new seq."""
        binding = next((c for c in self._controller.bindings.commands if c.name == name), None)
        if binding is None:
            known = ", ".join(c.name for c in self._controller.bindings.commands)
            raise ConfigFault(f"the site has no command `{name}`", mend=f"commands: {known}")
        self._seqs[name] = self._seqs.get(name, 0) + 1
        self.write(f"{binding.request}.value", value)
        self.write(f"{binding.request}.seq", self._seqs[name])

    def run(
        self,
        seconds: float,
        *,
        observe: Sequence[str] = (),
        every_ms: float = 100.0,
        at: Sequence[tuple[float, Callable[["ClosedLoop"], None]]] = (),
    ) -> Trace:
        """Go on for so many seconds of site time; sample the observed names.

        `at`: what to do when, in seconds of `t_s` (load steps, commands); each is done before the scan of that time.
        """
        recorder = Recorder({name: self.cell(name) for name in observe})
        doings = sorted(at, key=lambda doing: doing[0])
        every = max(1, round(every_ms * 1e6 / self.cycle_ns))
        for _ in range(math.ceil(seconds * 1e9 / self.cycle_ns)):
            while doings and doings[0][0] <= self.t_s + self.cycle_ns / 1e9 + TIME_SLACK_S:
                doings.pop(0)[1](self)
            self._step()
            if (self.controller_scan.scan_no - 1) % every == 0:
                recorder.take(self.t_s)
        return recorder.trace()

    def _step(self) -> None:
        due_ns = self.controller_scan.now_ns + self.cycle_ns
        agenda = self._agenda
        while agenda[0][0] < due_ns:
            at_ns, order, device, transfer = agenda[0]
            heapq.heapreplace(agenda, (at_ns + transfer.period_ns, order, device, transfer))
            outage = self._outage(device, at_ns) if self._outages else None
            transfer.run(at_ns, alive=outage is not OutageKind.DEAD, frozen=outage is OutageKind.FROZEN)
        self.plant_scan.scan()
        self.controller_scan.scan()

    def _outage(self, device: str, at_ns: int) -> OutageKind | None:
        t_s = (at_ns - START_NS) / 1e9
        return next((o.kind for o in self._outages if o.device == device and o.covers(t_s)), None)

    def _drive(self, point: OutputPoint, _now_ns: int) -> Value | None:
        value = self.cell(point.tag).read()
        if isinstance(value, float) and not math.isfinite(value):
            return point.fail_safe  # as the output frame carries it; None holds
        return point.clamp(value)

    def _fill_agenda(self) -> None:
        for device, link in _devices(self._controller):
            served = self._plant.plan.device(device.name)
            if served is None:
                continue  # a device of the site that the plant does not play: it never answers
            transfers = transfers_of(
                device,
                served,
                link,
                controller=self.cell,
                plant=lambda name: self.cell(PLANT_PREFIX + name),
                drive=self._drive,
                cycle_ns=self.cycle_ns,
            )
            for transfer in transfers:
                first_ns = START_NS + round(self._phases.random() * transfer.period_ns)
                heapq.heappush(self._agenda, (first_ns, len(self._agenda), device.name, transfer))
        if not self._agenda:
            raise ConfigFault("controller and plant have no device in common", mend="use the same device names in both")


def _devices(side: Side) -> list[tuple[DevicePlan, LinkPlan]]:
    links = {link.name: link for link in side.plan.links}
    return [(device, links[name]) for name, devices in side.plan.devices.items() for device in devices]
