"""A site and its simulated plant, compiled for one native run on virtual time."""

from dataclasses import dataclass
from pathlib import Path

from runtime.cli.language.check import print_diagnostics
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.image.nativecode import native_cache
from runtime.lang.cache.objectcode import object_code_for
from runtime.node.build import Build, build_site
from runtime.node.statedir import cache_dir
from runtime.scan.imaged import ImagedScan
from runtime.scan.kernel import Kernel
from runtime.sim.coupled.code import CouplingKernel
from runtime.sim.coupled.coupling import CoupledRun, CoupledSide, Kernels


@dataclass(frozen=True, slots=True)
class BothSides:
    """A controller and its plant, with one base cycle."""

    controller: Build
    plant: Build

    def coupled_run(self, seed: int) -> CoupledRun:
        """A fresh run of both."""
        native = native_cache(cache_dir())
        kernels = Kernels(Kernel(native), CouplingKernel(native))
        sides = (_side(self.controller), _side(self.plant))
        return CoupledRun(*sides, kernels, cycle_ns=self.controller.site.cycle_ns, seed=seed)


def build_both(site_file: Path) -> BothSides | None:
    """Both sides of a site; None when something is wrong with them, which is printed.

    Raises ConfigFault for a site without a plant, or with one that has another base cycle.
    """
    result = build_site(site_file)
    print_diagnostics(result.diagnostics, as_json=False)
    if result.build is None:
        return None
    controller, plant = result.build, result.build.plant
    if plant is None or plant.io_plan is None or controller.io_plan is None:
        raise ConfigFault("the site has no simulated plant", where=str(site_file), mend="name one: [plant] site = …")
    if controller.site.cycle_ns != plant.site.cycle_ns:
        raise ConfigFault(
            f"controller and plant have base cycles of {controller.site.table.cycle} and {plant.site.table.cycle}",
            where=str(plant.site.document.path),
            mend="give both site files one cycle",
        )
    return BothSides(controller, plant)


def _side(build: Build) -> CoupledSide:
    assert build.io_plan is not None, "build_both has seen to it"
    code = object_code_for(build.application, ObjectCache(cache_dir() / "programs"))
    return CoupledSide(ImagedScan(build.manifest(), code, build.application.initial), build.io_plan)
