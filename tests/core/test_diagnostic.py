from runtime.core.diagnostic import Label, Source, Span, error, has_errors, render, warning

PACK = Source("programs/pack.st", "VAR\n    n_cells : INT;\nEND_VAR\nn_cells := u_pack_v / u_cell_v;\n")
OTHER = Source("programs/types.st", "TYPE x : INT; END_TYPE\n")

EXPECTED = """\
error L2007: REAL does not fit into INT
  --> programs/pack.st:4:12
   4 | n_cells := u_pack_v / u_cell_v;
     |            ^^^^^^^^^^^^^^^^^^^ this is REAL
   2 |     n_cells : INT;
     |     ------------- declared INT here
  ::: programs/types.st:1:6
   1 | TYPE x : INT; END_TYPE
     |      - and here
     = help: say so: REAL_TO_INT(...), or declare n_cells as REAL"""


def test_diagnostic_when_rendered_then_it_shows_place_labels_and_help():
    found = error(
        "L2007",
        "REAL does not fit into INT",
        Label(Span(PACK, 4, 12, 19), "this is REAL"),
        Label(Span(PACK, 2, 5, 13), "declared INT here"),
        Label(Span(OTHER, 1, 6), "and here"),
        help="say so: REAL_TO_INT(...), or declare n_cells as REAL",
    )
    assert render(found) == EXPECTED
    assert found.to_json()["line"] == 4


def test_diagnostics_when_only_warnings_then_a_start_is_allowed():
    odd = warning("L9001", "odd", Label(Span(PACK, 1, 1), "here"))
    assert not has_errors([odd])
