"""The command that measures a library: what fails is named with its reason, and takes along what needs it alone."""

import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "library_check.py"

LIBRARY = """\
(* FUNCTION NO_POU : INT *)
TYPE PAIR : STRUCT a, b : INT; END_STRUCT; END_TYPE
FUNCTION GOOD : INT
VAR_INPUT x : INT; END_VAR
GOOD := x + 1;
END_FUNCTION
FUNCTION WRONG : INT
VAR_INPUT x : REAL; END_VAR
WRONG := x;
END_FUNCTION
FUNCTION LEANING : INT
LEANING := GOOD(WRONG(1.0));
END_FUNCTION
FUNCTION UNREADABLE : INT
IF THEN FI
END_FUNCTION
FUNCTION_BLOCK COUNTER
VAR_OUTPUT n : INT; END_VAR
METHOD reset
n := GOOD(-1);
END_METHOD
n := n + 1;
END_FUNCTION_BLOCK
"""


def test_library_when_pous_fail_then_they_and_those_that_need_them_are_named_and_the_rest_counts(tmp_path):
    path = tmp_path / "library.st"
    path.write_text(LIBRARY)
    run = subprocess.run([sys.executable, str(TOOL), str(path), "--json"], capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    told = json.loads(run.stdout)
    assert (told["pous"], told["compiled"], told["elsewhere"]) == (5, 2, [])
    assert list(told["failing"]) == ["WRONG", "LEANING", "UNREADABLE"]
    assert told["failing"]["WRONG"].startswith("L2007 REAL does not fit into INT")
    assert told["failing"]["LEANING"].startswith("L3001 unknown name 'WRONG'")
