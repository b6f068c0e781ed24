"""What a process of a controller is given when it is started."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Seat:
    """`folder` holds the files of the version that runs, `number` counts versions; the descriptors are inherited.

    In a pair there are eventfds, else -1: by `bell_fd` scan tells redundancy of each scan, by `io_bell_fd` scan and
    redundancy tell io that there may be something to write.
    """

    run_dir: Path
    folder: Path
    number: int
    control_fd: int
    image_fd: int
    link_fd: int
    bell_fd: int = -1
    io_bell_fd: int = -1

    @classmethod
    def from_words(cls, words: list[str]) -> "Seat":
        """The seat that `words` wrote."""
        run_dir, folder, *numbers = words
        return cls(Path(run_dir), Path(folder), *map(int, numbers))

    def words(self) -> tuple[str, ...]:
        """As words of a command line."""
        return tuple(map(str, (self.run_dir, self.folder, self.number, *self._fds)))

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that there are."""
        return tuple(fd for fd in self._fds if fd >= 0)

    @property
    def bells(self) -> tuple[int, ...]:
        """Those that scan rings."""
        return tuple(fd for fd in (self.bell_fd, self.io_bell_fd) if fd >= 0)

    @property
    def _fds(self) -> tuple[int, ...]:
        return (self.control_fd, self.image_fd, self.link_fd, self.bell_fd, self.io_bell_fd)
