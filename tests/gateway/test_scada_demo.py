"""The demo site's SCADA map against the demo site's programs, and the document that goes with it."""

from collections.abc import Callable
from pathlib import Path

from runtime.gateway.scada.document import export
from runtime.gateway.scada.load import load_scada_map
from runtime.node.build import build_site

ROOT = Path(__file__).parents[2]
MAP = ROOT / "io_maps" / "scada" / "demo.toml"


def test_demo_map_when_exported_then_the_document_beside_it(golden: Callable[[Path, str], None]) -> None:
    build = build_site(ROOT / "configs" / "demo.toml").build
    assert build is not None
    scada_map, diagnostics = load_scada_map(MAP, tags=build.application.tags, bindings=build.bindings)
    assert diagnostics == []
    assert scada_map is not None
    orders = {"charge", "discharge", "hold", "local_setpoint", "local_q", "local_heartbeat"}
    assert {r.command for r in scada_map.registers if r.command} == {"mode", "grid_target", *orders}
    golden(MAP.with_suffix(".md"), export(scada_map, format="md"))
