from bench.load import Outcome, percentile
from bench.overhead import summary


def outcome(rate: float, cpu_us: float, refused: int = 0) -> Outcome:
    return Outcome(1000, rate, 1000 / rate, 2000 / rate, refused, cpu_us, 0.5)


def test_of_several_rounds_the_fastest_rate_counts_and_the_median_of_times() -> None:
    best = summary([outcome(1000, 300, 1), outcome(4000, 500), outcome(2000, 100, 2)])
    assert best.rate == 4000
    assert (best.p50, best.p99) == (0.5, 1.0)
    assert best.cpu_us == 300
    assert best.refused == 3


def test_percentiles_of_few_and_many() -> None:
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert percentile([float(value) for value in range(1000)], 0.99) == 990.0
