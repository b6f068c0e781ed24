"""Finds drivers that other packages bring, by entry point, and imports one when a map names its kind."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from types import TracebackType
from typing import Self

from runtime.drivers.plugin import DriverPlugin
from runtime.iomap.kinds.kind import LinkKind, Unusable

GROUP = "voltscan.drivers"


class Installed:
    """The plug-ins of this Python installation. Each is imported once, at the first question for it."""

    def __init__(self) -> None:
        self._loaded: dict[str, DriverPlugin | Unusable] = {}
        self._kinds: dict[str, LinkKind] = {}

    def names(self) -> Iterable[str]:
        """Kinds that are installed, usable or not."""
        return entry_points(group=GROUP).names

    def plugin(self, name: str) -> DriverPlugin | Unusable | None:
        """The plug-in for a kind of link; None when no package brings it."""
        if name not in self._loaded:
            found = [*entry_points(group=GROUP, name=name)]
            if not found:
                return None
            self._loaded[name] = _load(found)
        return self._loaded[name]

    def find(self, name: str) -> LinkKind | Unusable | None:
        """See `iomap.kinds.kind.Plugins`."""
        found = self.plugin(name)
        if not isinstance(found, DriverPlugin):
            return found
        if name not in self._kinds:
            self._kinds[name] = found.kind(name)
        return self._kinds[name]


def _load(found: list[EntryPoint]) -> DriverPlugin | Unusable:
    packages = sorted({point.dist.name for point in found if point.dist is not None})
    if len(packages) > 1:
        return Unusable(f"the packages {' and '.join(packages)} both bring it", "uninstall one of them")
    point = found[0]
    package = point.dist.name if point.dist is not None else point.module
    with _ForeignCode() as imported:
        loaded = point.load()
    if imported.failure is not None:
        what = f"{package} cannot be imported: {type(imported.failure).__name__}: {imported.failure}"
        return Unusable(what, f"mend or update the package {package}: `python -c 'import {point.module}'` shows it all")
    if not isinstance(loaded, DriverPlugin):
        what = f"{point.value} of {package} is no DriverPlugin"
        return Unusable(what, "its entry point must name an instance of runtime.drivers.plugin.DriverPlugin")
    return loaded


class _ForeignCode:
    """Runs code that is not ours to mend: whatever it raises is a finding about its package, no bug of this process."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self.failure = failure
        return kind is not None and not issubclass(kind, KeyboardInterrupt | SystemExit)
