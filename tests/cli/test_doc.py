"""`voltscan doc`: a manual out of declarations."""

from pathlib import Path

from runtime.cli.doc import print_manual
from runtime.core.diagnostic import Source
from runtime.lang.editor.manual import manual
from runtime.lang.index import build_index
from runtime.lang.syntax.parse import parse
from runtime.lang.syntax.source import load_sources

LIB = Path(__file__).parents[2] / "programs/lib"
TEXT = """\
(* SOC_GUARD keeps a reserve. A bad reading blocks.

   Released soc_hyst_pct above it. *)
FUNCTION_BLOCK SOC_GUARD
VAR_INPUT
    soc_pct : REAL := 50.0; {unit := '%'} {min := 0} {max := 100} (* state of charge | of the bank *)
    levels  : ARRAY [1..3] OF INT := [1, 2(0)];
END_VAR
VAR_OUTPUT
    blocked : BOOL;
END_VAR
VAR
    inside : BOOL;
END_VAR
END_FUNCTION_BLOCK
TYPE
    (* What the bank does. *)
    BANK_MODE : (REST, CHARGE := 5);
END_TYPE
"""


def test_manual_when_made_then_comment_types_defaults_units_and_limits_are_in_it():
    text = manual([Source("guard.st", TEXT)], "Guards")
    assert text.startswith("# Guards\n\n| name | kind | for |\n")
    assert "| [SOC_GUARD](#soc_guard) | function block | SOC_GUARD keeps a reserve |" in text
    assert "> SOC_GUARD keeps a reserve. A bad reading blocks.\n>\n> Released soc_hyst_pct above it." in text
    assert "| `soc_pct` | `REAL` | `50.0` | % | 0 … 100 | state of charge \\| of the bank |" in text
    assert "| `levels` | `ARRAY [1..3] OF INT` | `[1, 2(0)]` |" in text
    assert "inside" not in text
    assert "```st\nBANK_MODE : (REST, CHARGE := 5)\n```" in text
    assert "> What the bank does." in text


def test_manual_when_made_of_the_library_then_every_block_and_each_of_its_parameters_is_in_it(tmp_path):
    file = tmp_path / "manual.md"
    assert print_manual([LIB], title="The block library", out=file) == 0
    text = file.read_text()
    declared = build_index([parse(s)[0] for s in load_sources([LIB])]).declared
    for pou in declared.pous.values():
        entry = text.split(f"### {pou.name}\n")[1].split("\n### ")[0]
        missing = [
            m.name for m in pou.members.values() if m.section.startswith("VAR_IN") and f"`{m.name}`" not in entry
        ]
        assert not missing, f"{pou.name}: {missing}"
