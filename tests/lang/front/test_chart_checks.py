"""Checks of whole charts that a golden cannot show: bounds, and words that are names elsewhere."""

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources
from runtime.lang.semantics import markings


def _codes(text):
    return [d.code for d in compile_sources([Source("chart.st", text)]).diagnostics]


def _branches(count, *, meet):
    steps = "".join(
        f"STEP b{i}: END_STEP STEP e{i}: END_STEP TRANSITION FROM b{i} TO e{i} := TRUE; END_TRANSITION "
        for i in range(count)
    )
    begun, ended = (", ".join(f"{name}{i}" for i in range(count)) for name in "be")
    last = f"({ended})" if meet else "e0"
    return (
        f"PROGRAM p INITIAL_STEP a: END_STEP {steps}"
        f"TRANSITION FROM a TO ({begun}) := TRUE; END_TRANSITION "
        f"TRANSITION FROM {last} TO a := TRUE; END_TRANSITION END_PROGRAM"
    )


def test_chart_when_branches_meet_then_it_is_safe_and_else_it_is_told_once():
    assert _codes(_branches(6, meet=True)) == []
    assert _codes(_branches(6, meet=False)) == ["L9603"]


def test_chart_when_it_has_too_many_markings_then_it_is_not_judged(monkeypatch):
    monkeypatch.setattr(markings, "MARKINGS_MAX", 30)
    never = "STEP x: END_STEP STEP y: END_STEP {} END_PROGRAM".format(
        "".join(f"TRANSITION FROM a TO {s} := TRUE; END_TRANSITION " for s in "xy")
        + "TRANSITION FROM (x, y) TO a := TRUE; END_TRANSITION"
    )
    assert _codes(_branches(8, meet=True).replace("END_PROGRAM", never)) == []
    monkeypatch.undo()
    assert _codes(_branches(8, meet=True).replace("END_PROGRAM", never)) == ["L9602"]


def test_words_of_charts_when_they_are_variables_then_they_are_names():
    text = """
        TYPE STEP : STRUCT from, priority : INT; END_STRUCT; END_TYPE
        FUNCTION_BLOCK ACTION VAR_INPUT transition : INT; END_VAR VAR_OUTPUT q : INT; END_VAR q := transition;
        END_FUNCTION_BLOCK
        PROGRAM p
        VAR step : STEP; action : ACTION; transition : INT; from : ARRAY [0..1] OF INT; END_VAR
        step.from := from[step.priority];
        action(transition := step.from + transition);
        IF action.q > 0 AND transition <> step.priority THEN transition := action.q; END_IF
        FOR transition := step.from TO 3 BY 1 DO from[0] := transition; END_FOR
        END_PROGRAM
        """
    assert _codes(text) == []
