from runtime.node.backoff import FIRST_DELAY_NS, LONGEST_DELAY_NS, STABLE_AFTER_NS, Backoff


def test_backoff_when_a_process_dies_again_and_again_then_the_delay_doubles_up_to_its_bound():
    backoff = Backoff()
    delays = []
    for _ in range(12):
        backoff.started(0)
        delays.append(backoff.died(1))
    assert [d - 1 for d in delays[:3]] == [FIRST_DELAY_NS, 2 * FIRST_DELAY_NS, 4 * FIRST_DELAY_NS]
    assert delays[-1] - 1 == LONGEST_DELAY_NS


def test_backoff_when_the_process_was_stable_then_the_next_death_counts_as_the_first():
    backoff = Backoff()
    for _ in range(5):
        backoff.started(0)
        backoff.died(1)
    backoff.started(0)
    assert backoff.died(STABLE_AFTER_NS) == STABLE_AFTER_NS + FIRST_DELAY_NS
