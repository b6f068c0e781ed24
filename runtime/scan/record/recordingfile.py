"""A recording as a file: a ZIP archive of what a replay needs, and nothing else is needed.

recording.json   format, site, why and when, the machine, each chunk's scans and states, SHA-256 of every other member
vN/              version N of the programs, as an online change counts them:
  manifest.json  tags, tasks, bindings (image/manifest.py)
  initial.bin    application memory before the first scan
  programs.o     the programs as machine code of that machine
  sources.json   their text by name, from which they are compiled on any other machine
chunk-NNNN.bin   a stretch of scans of one version (scan/record/chunk.py)
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llvmlite import binding

from runtime.core.fault import ConfigFault
from runtime.scan.record.chunk import Chunk
from runtime.scan.wholefile import write_whole

FORMAT = "voltscan recording 2"
INDEX = "recording.json"
MANIFEST, INITIAL, OBJECT, SOURCES = "manifest.json", "initial.bin", "programs.o", "sources.json"
PROGRAM_MEMBERS = (MANIFEST, INITIAL, OBJECT, SOURCES)
SUFFIX = ".vsrec"


def host_triple() -> str:
    """What machine code of this machine is for."""
    triple: str = binding.get_default_triple()
    return triple


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording in memory. `programs`: for each version, PROGRAM_MEMBERS by name. `triple`: of the machine code."""

    site: str
    reason: str
    wall_ns: int
    triple: str
    lost_count: int
    programs: Mapping[int, Mapping[str, bytes]]
    chunks: Sequence[Chunk]

    @property
    def scans(self) -> int:
        """How many scans it holds."""
        return sum(chunk.last - chunk.first + 1 for chunk in self.chunks)

    def to_bytes(self) -> bytes:
        """The archive."""
        used = {chunk.version for chunk in self.chunks}
        members = {
            f"v{version}/{name}": content
            for version, programs in self.programs.items()
            if version in used
            for name, content in programs.items()
        }
        members |= {_chunk_name(number): chunk.packed for number, chunk in enumerate(self.chunks)}
        index = {
            "format": FORMAT,
            "site": self.site,
            "reason": self.reason,
            "wall_ns": self.wall_ns,
            "triple": self.triple,
            "lost_count": self.lost_count,
            "chunks": [
                {
                    "first": c.first,
                    "last": c.last,
                    "version": c.version,
                    "wall_ns": c.wall_ns,
                    "states": [list(s) for s in c.states],
                }
                for c in self.chunks
            ],
            "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
        }
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_member(INDEX), json.dumps(index, indent=1), zipfile.ZIP_DEFLATED)
            for name, content in members.items():
                how = zipfile.ZIP_STORED if name.startswith("chunk-") else zipfile.ZIP_DEFLATED
                archive.writestr(_member(name), content, how)
        return made.getvalue()

    def save(self, path: Path) -> None:
        """Write it whole or not at all; when this returns it survives a power cut. Raises OSError."""
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """The recording of a file. Raises ConfigFault when it is none, or damaged."""
        try:
            with zipfile.ZipFile(path) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
            index: dict[str, Any] = json.loads(members.pop(INDEX))
            if index["format"] != FORMAT:
                raise _unreadable(path, f"it is of format {index['format']!r}, known is {FORMAT!r}")
            for name, digest in index["sha256"].items():
                if hashlib.sha256(members[name]).hexdigest() != digest:
                    raise _unreadable(path, f"{name} is damaged")
            return cls(
                **{name: index[name] for name in ("site", "reason", "wall_ns", "triple", "lost_count")},
                programs={
                    version: {name: members[f"v{version}/{name}"] for name in PROGRAM_MEMBERS}
                    for version in {told["version"] for told in index["chunks"]}
                },
                chunks=[_chunk(members, number, told) for number, told in enumerate(index["chunks"])],
            )
        except (OSError, zipfile.BadZipFile, zlib.error, ValueError, TypeError, NotImplementedError) as fault:
            raise _unreadable(path, str(fault)) from fault
        except KeyError as missing:
            raise _unreadable(path, f"it has no {missing}") from missing


def _chunk(members: Mapping[str, bytes], number: int, told: Mapping[str, Any]) -> Chunk:
    states = tuple((int(scan_no), str(digest)) for scan_no, digest in told["states"])
    return Chunk(told["first"], told["last"], told["version"], told["wall_ns"], members[_chunk_name(number)], states)


def _chunk_name(number: int) -> str:
    return f"chunk-{number:04d}.bin"


def _member(name: str) -> zipfile.ZipInfo:
    """With a fixed date: the same recording is the same bytes."""
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def _unreadable(path: Path, why: str) -> ConfigFault:
    return ConfigFault(
        f"cannot be read as a recording: {why}", where=str(path), mend="give a file of `voltscan record`"
    )
