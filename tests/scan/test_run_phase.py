"""Phase run: which task runs when, and what it is told."""

from scanrig import MS, START_NS, WALL_NS, offset

from runtime.core.appmemory import BUDGET, CUT, DT_NS, FIRST_SCAN, NOW_NS, SCAN_NO
from runtime.core.appmemory import WALL_NS as WALL_OFFSET
from runtime.image.emit import I8, I64


def counter(name):
    """A task body that counts its calls in the variable, and those with FIRST_SCAN a thousandfold."""

    def body(r, app):
        place = app.at(offset(name))
        first = app.at(FIRST_SCAN).load(I8).widened(I64)
        place.store(place.load(I64) + 1 + first * 1000)

    return body


def digits(r, app):
    """A task body that appends its DT in ms to `sum`, as decimal digits."""
    place = app.at(offset("sum"))
    place.store(place.load(I64) * 100 + app.at(DT_NS).load(I64) // MS)


def test_run_when_scans_pass_then_header_tells_clock_wall_and_scan_number(make_rig):
    rig = make_rig([(counter("runs"), 0)])
    rig.scan(3)
    with rig.memory as memory:
        words = memory.cast("q")
        assert (words[NOW_NS // 8], words[WALL_OFFSET // 8], words[SCAN_NO // 8]) == (START_NS + 20 * MS, WALL_NS, 3)
        assert words[BUDGET // 8] == 1000
        words.release()


def test_run_when_tasks_have_intervals_then_each_runs_in_its_own_and_is_told_its_dt(make_rig):
    rig = make_rig(
        [(counter("runs"), 0), (counter("seen_dt"), 20 * MS), (counter("seen_first"), 50 * MS), (digits, 30 * MS)]
    )
    table = []
    for _ in range(7):
        rig.scan()
        table.append((rig.get("runs"), rig.get("seen_dt"), rig.get("seen_first"), rig.get("sum")))
    assert table == [
        (1001, 1001, 1001, 30),
        (1002, 1001, 1001, 30),
        (1003, 1002, 1001, 30),
        (1004, 1002, 1001, 3030),
        (1005, 1003, 1001, 3030),
        (1006, 1003, 1002, 3030),
        (1007, 1004, 1002, 303030),
    ]


def test_run_when_scans_are_skipped_then_a_late_task_runs_once_and_keeps_its_phase(make_rig):
    rig = make_rig([(counter("runs"), 40 * MS)])
    ran = []
    for at_ms in (0, 10, 70, 80, 90, 260, 270, 280):
        rig.now_ns = START_NS + at_ms * MS
        before = rig.snapshots.latest()
        rig.scan()
        ran.append((at_ms, rig.get("runs") - (before.value(rig.tag("runs")) if before else 1000)))
    assert ran == [(0, 1), (10, 0), (70, 1), (80, 1), (90, 0), (260, 1), (270, 0), (280, 1)]


def test_run_when_a_task_was_cut_then_the_next_starts_with_a_full_budget(make_rig):
    def cut(r, app):
        app.at(CUT).store(r.word(1, I8))
        app.at(BUDGET).store(r.word(0))

    def look(r, app):
        app.at(offset("sum")).store(app.at(BUDGET).load(I64) + app.at(CUT).load(I8).widened(I64))

    rig = make_rig([(cut, 0), (look, 0)])
    rig.scan()
    assert rig.get("sum") == 1000


def test_run_when_steps_are_native_then_same_memory_as_step_by_step(make_rig):
    tasks = [(counter("runs"), 0), (digits, 30 * MS)]
    one, many = make_rig(tasks), make_rig(tasks)
    for i in range(50):
        one.kernel.step(one.plan.address, START_NS + i * 10 * MS, WALL_NS + i * 10 * MS)
    many.kernel.steps(many.plan.address, START_NS, WALL_NS, 50)
    with one.memory as a, many.memory as b:
        assert bytes(a) == bytes(b)
