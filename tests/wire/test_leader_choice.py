"""Which controller of a pair a console listens to, as frames come and stop; in virtual time."""

import pytest

from runtime.wire.leaderchoice import LeaderChoice

S = 1_000_000_000


def follow(frames):
    """The choice after each frame (s, name, drives, term), or after a mere look (s)."""
    choice = LeaderChoice(["a", "b"])
    chosen = []
    for at_s, *frame in frames:
        if frame:
            name, drives, term = frame
            choice.heard(name, drives=drives, term=term, now_ns=int(at_s * S))
        choice.look(int(at_s * S))
        chosen.append(choice.name)
    return "".join(chosen)


@pytest.mark.parametrize(
    ("frames", "chosen"),
    [
        # who drives is listened to, whoever was named first
        ([(0.0,), (0.1, "a", False, 3), (0.2, "b", True, 3)], "aab"),
        # the standby takes over: at its first frame that says so, not only once the other is silent
        ([(0.0, "a", True, 3), (0.0, "b", False, 3), (0.2, "b", True, 4)], "aab"),
        # an old leader that has not heard of it does not win the console back
        ([(0.0, "b", True, 4), (0.1, "a", True, 3), (0.2, "a", True, 3)], "bbb"),
        # nobody drives: stay with who is heard
        ([(0.0, "a", True, 3), (0.1, "b", False, 3), (0.2, "a", False, 3)], "aaa"),
        # nobody drives, and the chosen one falls silent: who is heard shows at least what it has
        ([(0.0, "a", True, 3), (1.0, "b", False, 3), (1.4,), (1.6,)], "aaab"),
        # nobody is heard: stay
        ([(0.0, "b", True, 3), (9.0,)], "bb"),
        # a silent leader's last word does not count for ever
        ([(0.0, "b", True, 9), (5.0, "a", True, 3)], "ba"),
    ],
)
def test_choice_when_frames_come_and_stop_then_who_drives_is_followed(frames, chosen):
    assert follow(frames) == chosen
