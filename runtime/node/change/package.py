"""A version of the programs as a controller keeps it, and hands it to the other of its pair: compiled, with map and
initial values.

The content of a package is named by its hash, and compressed. It holds what a version does (DECISIVE), the sources for
who debugs it, and what of the run plan comes from the programs. What belongs to a box stays that box's own: the site's
name, directories, real-time settings, addresses of its servers, its part in the pair.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.cluster.pair.versions import PACKAGE_SIZE_MAX
from runtime.core.fault import ConfigFault
from runtime.drivers.fieldwatch import driven_devices
from runtime.image.manifest import Manifest
from runtime.image.outline import save_outline
from runtime.iomap.plan.plan import IoPlan
from runtime.node import runplan
from runtime.node.runplan import RunPlan
from runtime.scan.record.recordingfile import host_triple

DECISIVE = (runplan.MANIFEST, runplan.INITIAL, runplan.OBJECT, runplan.IO_PLAN, runplan.SCADA_MAP)
"""What decides what a version does."""
_FILES = {*DECISIVE, runplan.SOURCES}
_OF_SITE = (runplan.MANIFEST, runplan.IO_PLAN)
"""Files that name the site."""
_OF_PROGRAMS = ("has_devices", "scada_map", "view", "retain_every_ns", "record_triggers")
"""What of a run plan comes from programs and map."""
_CONTENT_SIZE_MAX = 256 << 20
_LEVEL = 6


def content_hash(folder: Path) -> str:
    """The name of the version in a folder: the same on every controller, whatever its site is called."""
    digest = hashlib.sha256()
    for name, content in _contents(folder, DECISIVE).items():
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def version_number(name: str) -> int:
    """A content hash as the pair's messages carry it."""
    return int(name[:16], 16)


def pack(folder: Path, plan: RunPlan) -> bytes:
    """The package of the version in a folder. Raises ConfigFault when it is too large to keep, or for a pair's log."""
    contents = _contents(folder, (*DECISIVE, runplan.SOURCES))
    head = {
        "machine": host_triple(),
        "plan": {name: getattr(plan, name) for name in _OF_PROGRAMS},
        "files": [[name, len(content)] for name, content in contents.items()],
    }
    whole = b"".join((json.dumps(head).encode(), b"\0", *contents.values()))
    packed = zlib.compress(whole, _LEVEL)
    size_max = PACKAGE_SIZE_MAX if plan.pair is not None else _CONTENT_SIZE_MAX
    if len(packed) > size_max or len(whole) > _CONTENT_SIZE_MAX:
        takes = f"{'a pair' if plan.pair is not None else 'a controller'} takes {size_max >> 20} MB"
        raise ConfigFault(
            f"the programs make a package of {len(packed) >> 20} MB ({len(whole) >> 20} MB unpacked); {takes}",
            where=str(folder),
            mend="leave out programs and libraries that the site does not use",
        )
    return packed


def unpack(packed: bytes, name: str, own: RunPlan, folder: Path) -> None:
    """Write the files of a version for the controller of `own` into a folder. `name`: its content hash, or how that
    begins. Raises ConfigFault for a package that is damaged, of another version, or made on another kind of machine."""
    head, contents = _unpacked(packed)
    if head["machine"] != host_triple():
        raise ConfigFault(
            f"the package is machine code for {head['machine']}, this is {host_triple()}",
            where="package",
            mend="both controllers of a pair are machines of one kind",
        )
    for file, content in contents.items():
        (folder / file).write_bytes(_of_site(file, content, own.site))
    whole_name = content_hash(folder)
    if not whole_name.startswith(name):
        raise ConfigFault("the package is not of the version that it is named", where="package", mend=_MEND)
    save_outline(Manifest.load(folder / runplan.MANIFEST).layout(), folder / runplan.OUTLINE)
    told: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in head["plan"].items()}
    pair = own.pair
    if pair is not None:
        pair = replace(pair, version=version_number(whole_name), links=_driven_links(folder / runplan.IO_PLAN))
    replace(own, pair=pair, **told).save(folder)
    (folder / runplan.PACKAGE).write_bytes(packed)


def _driven_links(io_plan: Path) -> tuple[str, ...]:
    return tuple(driven_devices(IoPlan.load(io_plan))) if io_plan.exists() else ()


_MEND = "let both controllers run the same release of Voltscan"


def _unpacked(packed: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        inflate = zlib.decompressobj()
        whole = inflate.decompress(packed, _CONTENT_SIZE_MAX)
        told, _, tail = whole.partition(b"\0")
        head: dict[str, Any] = json.loads(told)
        contents, at = {}, 0
        for name, size in head["files"]:
            contents[name] = tail[at : at + size]
            at += size
        is_whole = (
            inflate.eof and at == len(tail) and set(head["plan"]) == set(_OF_PROGRAMS) and set(contents) <= _FILES
        )
    except (ValueError, TypeError, KeyError, zlib.error) as fault:
        raise ConfigFault(f"the package cannot be read: {fault}", where="package", mend=_MEND) from fault
    if not is_whole:
        raise ConfigFault("the package's parts do not fit together", where="package", mend=_MEND)
    return head, contents


def _contents(folder: Path, names: tuple[str, ...]) -> Mapping[str, bytes]:
    """Files of a version, by name, without the site's name in them."""
    found = {}
    for name in names:
        path = folder / name
        if path.exists():
            found[name] = _of_site(name, path.read_bytes(), "")
    return found


def _of_site(name: str, content: bytes, site: str) -> bytes:
    if name not in _OF_SITE:
        return content
    told: dict[str, Any] = json.loads(content)
    return json.dumps(told | {"site": site}).encode()
