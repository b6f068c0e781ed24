import pytest

from runtime.core.duration import duration_ns, duration_text


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("10ms", 10_000_000),
        ("1.5s", 1_500_000_000),
        ("24h", 86_400_000_000_000),
        ("7d", 7 * 86_400_000_000_000),
        ("1d12h", 36 * 3_600_000_000_000),
        ("250us", 250_000),
        (" 5 m ", 300_000_000_000),
    ],
)
def test_duration_when_written_as_people_do_then_it_is_read(text, ns):
    assert duration_ns(text) == ns


@pytest.mark.parametrize("text", ["10", "ms", "-1s", "1 day", ""])
def test_duration_when_it_is_none_then_the_error_says_what_is_expected(text):
    with pytest.raises(ValueError, match="number and a unit"):
        duration_ns(text)


def test_duration_when_printed_then_the_unit_keeps_it_short():
    assert [duration_text(v) for v in (5, 812_000, 1_250_000, 3e9)] == ["5 ns", "812 us", "1.25 ms", "3 s"]
