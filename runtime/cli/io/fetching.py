"""`voltscan io fetch`: the profiles that a site map names, from a web server; else the local copy stays (DEV-02).

What comes is checked before it takes the place of the local copy, for a profile says what is written to devices. It is
for the start of a controller, before `voltscan run`: nothing that runs is changed.
"""

import http.client
import re
import shutil
import tempfile
import urllib.request
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, has_errors, render
from runtime.core.fault import ConfigFault
from runtime.drivers.registry import installed_kinds
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.profiles.profilefiles import profile_files
from runtime.iomap.reading.read import read_toml

TIMEOUT_S = 5.0
"""For one answer of the server: a controller that starts does not wait long for somebody who is not there."""
PROFILE_BYTES_MAX = 4_000_000
"""The largest one that is shipped has 12 kB; one with a point for each cell of a large bank has more."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The server is one of the plant: what the environment says of proxies is for the world outside."""


def fetch_profiles(site_map: Path, url: str) -> int:
    """Bring each profile of the map from `url`/NAME.toml (.json where the local copy is); 1 when one is nowhere."""
    if not url.startswith(("http://", "https://")):
        raise ConfigFault("this is no address of a web server", where=url, mend="write http://HOST/FOLDER")
    profiles = site_map.parent.parent / "profiles"
    local = profile_files(profiles)
    missing = False
    for name in _named_by(site_map):
        path = local.get(name, profiles / f"{name}.toml")
        told = _fetch_one(f"{url.rstrip('/')}/{path.name}", path)
        if not path.exists():
            missing, told = True, f"{told}, and there is no local copy"
        print(f"{path.name}: {told}")
    return 1 if missing else 0


def _named_by(site_map: Path) -> list[str]:
    toml, found = read_toml(site_map)
    if toml is None:
        raise ConfigFault(found[0].message, where=str(site_map), mend=found[0].help)
    devices = toml.raw.get("devices")
    tables = devices.values() if isinstance(devices, dict) else ()
    named = {str(table["profile"]) for table in tables if isinstance(table, dict) and "profile" in table}
    return sorted(name for name in named if _PLAIN.fullmatch(name))  # others are mistakes that the check tells


def _fetch_one(url: str, path: Path) -> str:
    """Put what `url` gives in the place of `path` when it is a sound profile; what was done, for people."""
    try:
        with _NO_PROXY.open(url, timeout=TIMEOUT_S) as answer:
            text: bytes = answer.read(PROFILE_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException, ValueError) as fault:
        return f"not fetched ({getattr(fault, 'reason', fault)})"
    if len(text) > PROFILE_BYTES_MAX:
        return f"not taken: more than {PROFILE_BYTES_MAX} bytes"
    if path.exists() and path.read_bytes() == text:
        return "as it was"
    found = _check(text, path, url)
    if has_errors(found):
        print("\n\n".join(render(diagnostic) for diagnostic in found))
        return "not taken: it has mistakes"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(text)
    new.replace(path)
    return "fetched"


def _check(text: bytes, path: Path, url: str) -> list[Diagnostic]:
    """What is wrong with it among the local profiles, one of which may be its base."""
    with tempfile.TemporaryDirectory() as folder:
        beside = Path(folder) / "profiles"
        if path.parent.is_dir():
            shutil.copytree(path.parent, beside)
        else:
            beside.mkdir()
        (beside / path.name).write_bytes(text)
        return load_profile(beside / path.name, path.parent.parent / "dbc", shown=url, kinds=installed_kinds())[1]
