"""One binding of a site: which point of which device a tag is fed by or drives, and how it travels."""

from dataclasses import dataclass

from runtime.core.diagnostic import Span
from runtime.core.tag import Tag
from runtime.iomap.profiles.profile import Point
from runtime.iomap.sites.sitemap import PointRule
from runtime.iomap.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One binding: a device point and the tag it feeds (`is_output` False) or that drives it.

    `turned`: the device counts the other way, so the sign of the wire's number is turned.
    """

    device: str
    name: str
    point: Point
    rule: PointRule
    wire: Wire
    tag: Tag
    is_output: bool
    turned: bool
    place: Span

    @property
    def path(self) -> tuple[str, ...]:
        """Where the site map speaks of the point."""
        return ("devices", self.device, "points", self.name)
