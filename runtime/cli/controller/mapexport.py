"""`voltscan map export`: the SCADA register map of a site, as a document for the SCADA engineer."""

import sys
from pathlib import Path

from runtime.cli.language.check import print_diagnostics
from runtime.core.fault import ConfigFault
from runtime.gateway.scada.document import export
from runtime.gateway.scada.load import load_scada_map
from runtime.node.build import build_site


def export_map(site_file: Path, form: str) -> int:
    """Print the map; 1 when the site is wrong."""
    if form not in ("md", "csv"):
        raise ConfigFault(f"no format '{form}'", where="--format", mend="choose md or csv")
    result = build_site(site_file)
    if result.build is None:
        print_diagnostics(result.diagnostics, as_json=False)
        return 1
    build = result.build
    if build.scada_map is None:
        raise ConfigFault("this site has no SCADA map", where=str(site_file), mend="add `scada_map` to the site file")
    scada_map, _ = load_scada_map(build.scada_map, tags=build.application.tags, bindings=build.bindings)
    assert scada_map is not None, "the build has checked this map"
    sys.stdout.write(export(scada_map, format="csv" if form == "csv" else "md"))
    return 0
