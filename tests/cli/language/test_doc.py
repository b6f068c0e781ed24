"""`voltscan doc`: a manual out of declarations."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from runtime.cli.language.demos import demos
from runtime.cli.language.doc import print_manual
from runtime.core.diagnostic import Source
from runtime.core.fault import ConfigFault
from runtime.lang.editor.manual import manual
from runtime.lang.index import build_index
from runtime.lang.syntax.parse import parse
from runtime.lang.syntax.source import load_sources

LIB = Path(__file__).parents[3] / "programs/lib"
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
    pictures = {picture.stem for picture in (tmp_path / "manual_pictures").iterdir()}
    declared = build_index([parse(s)[0] for s in load_sources([LIB])]).declared
    for pou in declared.pous.values():
        entry = text.split(f"### {pou.name}\n")[1].split("\n### ")[0]
        missing = [
            m.name for m in pou.members.values() if m.section.startswith("VAR_IN") and f"`{m.name}`" not in entry
        ]
        assert not missing, f"{pou.name}: {missing}"
        if pou.pou is not None and pou.pou.kind == "FUNCTION_BLOCK":
            assert f"](manual_pictures/{pou.key}.svg)" in entry, f"{pou.name} has no demo"
            assert pou.key in pictures


DEMO = """\
(* The input is halved. *)
PROGRAM HALF_DEMO
VAR show_for : TIME := T#2s; t_s : REAL; END_VAR
VAR_OUTPUT in : REAL; {unit := 'kW'} out : REAL; {unit := 'kW'} late : BOOL; END_VAR
VAR half : HALF; END_VAR
t_s := t_s + 0.5;
in := t_s;
late := t_s > 1.0;
half(in := in, out => out);
END_PROGRAM
CONFIGURATION demo
    TASK cycle(INTERVAL := T#500ms);
    PROGRAM main WITH cycle : HALF_DEMO;
END_CONFIGURATION
"""
HALF = """\
FUNCTION_BLOCK HALF
VAR_INPUT in : REAL; END_VAR
VAR_OUTPUT out : REAL; END_VAR
out := IN_TWO(in);
END_FUNCTION_BLOCK
"""
IN_TWO = "FUNCTION IN_TWO : REAL VAR_INPUT x : REAL; END_VAR IN_TWO := x / 2.0; END_FUNCTION\n"


def _library(folder: Path, demo: str) -> Sequence[Source]:
    (folder / "tests/demos").mkdir(parents=True)
    (folder / "half.st").write_text(HALF)
    (folder / "in_two.st").write_text(IN_TWO)
    (folder / "broken.st").write_text("FUNCTION_BLOCK BROKEN x := ; END_FUNCTION_BLOCK\n")  # no demo needs it
    (folder / "tests/demos/half.st").write_text(demo)
    return load_sources([folder])


def test_demos_when_played_then_each_output_is_a_curve_in_the_panel_of_its_unit(tmp_path):
    (demo,) = demos(_library(tmp_path, DEMO))
    assert (demo.name, demo.title, demo.caption) == ("half", "HALF_DEMO", "The input is halved.")
    assert [name in demo.picture for name in (">in<", ">out<", ">late<", ">kW<", ">TRUE or FALSE<")] == [True] * 5
    lines = re.findall(r'points="([^"]+)"', demo.picture)
    assert [len(line.split()) for line in lines] == [4, 4, 4]  # 2 s in steps of 500 ms
    risen = [float(line.split()[0].split(",")[1]) - float(line.split()[-1].split(",")[1]) for line in lines[:2]]
    assert risen[0] == pytest.approx(2 * risen[1], abs=0.2)  # the output rises half as far (pixels)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("show_for : TIME := T#2s;", ""), "says how long"),
        (("T#2s", "T#0s"), "no time that can be shown"),
        (("show_for : TIME := T#2s", "show_for : REAL := 2.0"), "no time that can be shown"),
        (("half(in", "hlf(in"), "the demo is not right"),
        (("END_PROGRAM", "END_PROGRAM PROGRAM OTHER END_PROGRAM"), "one PROGRAM"),
        (("t_s > 1.0", "1 / REAL_TO_INT(t_s - t_s) > 1"), "faults at line 8"),
    ],
    ids=["no_time", "no_length", "no_duration", "wrong", "two", "fault"],
)
def test_demos_when_one_is_wrong_then_refused_with_its_file(tmp_path, change, told):
    with pytest.raises(ConfigFault, match=told) as refused:
        demos(_library(tmp_path, DEMO.replace(*change)))
    assert "half.st" in refused.value.where


OBJECTS = """\
(* What moves. *)
TYPE
    DIRECTION : USINT (STAY := 0, LEFT := 1, RIGHT := 2, UP := 3, DOWN := 4);
END_TYPE
NAMESPACE site
    (* Anything that can move. *)
    INTERFACE MOVABLE
        (* Moves, and tells whether it could. *)
        METHOD move : BOOL
        VAR_INPUT delta : REAL; {unit := 'm'} END_VAR
        END_METHOD
    END_INTERFACE
    FUNCTION_BLOCK ABSTRACT CART IMPLEMENTS MOVABLE
    VAR_OUTPUT at_m : REAL; END_VAR
        METHOD move : BOOL
        VAR_INPUT delta : REAL; END_VAR
        at_m := at_m + delta;
        move := TRUE;
        END_METHOD
        METHOD PRIVATE secret
        END_METHOD
        (* Where it is. *)
        PROPERTY position : REAL GET position := at_m; END_GET END_PROPERTY
    END_FUNCTION_BLOCK
    FUNCTION_BLOCK TRUCK EXTENDS CART
    VAR_INPUT load : REAL; END_VAR
    END_FUNCTION_BLOCK
END_NAMESPACE
"""


def test_manual_when_of_objects_then_methods_properties_interfaces_and_what_is_inherited_are_told():
    told = manual([Source("objects.st", OBJECTS)], "Carts")
    assert "| [site.MOVABLE](#sitemovable) | interface | Anything that can move |" in told
    assert "| [DIRECTION](#direction) | type | What moves |" in told
    assert "DIRECTION : USINT (\n    STAY := 0,\n    LEFT := 1," in told
    cart = told.split("### site.CART\n")[1].split("\n### ")[0]
    assert "ABSTRACT: only blocks that extend it have instances. Implements [site.MOVABLE](#sitemovable)." in cart
    assert "| `position` | `REAL` | read | Where it is. |" in cart
    assert "#### site.CART.move\n\n```st\nmove(delta : REAL) : BOOL\n```" in cart
    assert "secret" not in told
    assert "Extends [site.CART](#sitecart). Inherits `position`, `move`, `at_m` of site.CART." in told
    movable = told.split("### site.MOVABLE\n")[1]
    assert "> Moves, and tells whether it could.\n\n```st\nmove(delta : REAL) : BOOL\n```" in movable
    assert "| `delta` | `REAL` | m |" in movable
    assert "| name | type |\n| --- | --- |\n| `load` | `REAL` |" in told
