from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from protocol.outward.exposition import SLICE, Family, counter, flag, gauge, histogram, render
from protocol.queue.tallies import Durations

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)


def read_back(*families: Family) -> dict[str, list[tuple[str, dict[str, str], float]]]:
    """What the library that Prometheus' own clients are made of reads in the text."""
    text = "".join(render(families))
    return {
        family.name: [(sample.name, dict(sample.labels), sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(text)
    }


def test_a_gauge_and_a_flag() -> None:
    assert read_back(
        gauge("iqrf_nodes", "Nodes.", [({"state": "bonded"}, 12), ({"state": "known"}, 3.5)]),
        flag("iqrf_on_air", "Busy.", True),
    ) == {
        "iqrf_nodes": [
            ("iqrf_nodes", {"state": "bonded"}, 12.0),
            ("iqrf_nodes", {"state": "known"}, 3.5),
        ],
        "iqrf_on_air": [("iqrf_on_air", {}, 1.0)],
    }


def test_the_text_is_as_the_format_has_it() -> None:
    text = "".join(render([counter("a_total", "Help \\ of\nit.", [({"b": 'x"\\\n'}, 7)])]))
    assert text == (
        '# HELP a_total Help \\\\ of\\nit.\n# TYPE a_total counter\na_total{b="x\\"\\\\\\n"} 7\n'
    )


def test_the_buckets_of_a_histogram_are_cumulative() -> None:
    durations = Durations((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        durations.add(seconds)
    assert read_back(
        histogram("wait", "w", (0.1, 1.0), [({"lane": "x"}, durations.snapshot())])
    ) == {
        "wait": [
            ("wait_bucket", {"lane": "x", "le": "0.1"}, 2.0),
            ("wait_bucket", {"lane": "x", "le": "1"}, 3.0),
            ("wait_bucket", {"lane": "x", "le": "+Inf"}, 4.0),
            ("wait_sum", {"lane": "x"}, 7.65),
            ("wait_count", {"lane": "x"}, 4.0),
        ]
    }


def test_a_family_without_samples_is_left_out() -> None:
    assert "".join(render([gauge("a", "A", []), gauge("b", "B", [({}, 1)])])).startswith("# HELP b")
    assert list(render([])) == []


def test_the_text_comes_in_slices() -> None:
    samples = [({"mid": f"{number:08x}"}, number) for number in range(1000)]
    pieces = list(render([gauge("a", "A", samples)]))
    assert len(pieces) == 1000 // SLICE + 1
    assert max(piece.count("\n") for piece in pieces) <= SLICE + 2
    assert len(read_back(gauge("a", "A", samples))["a"]) == 1000


@given(st.dictionaries(st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z"), TEXTS, max_size=3), TEXTS)
def test_whatever_a_label_says_it_is_read_back(labels: dict[str, str], text: str) -> None:
    [(_, read, value)] = read_back(gauge("a", text, [(labels, -1.5e-9)]))["a"]
    assert (read, value) == (labels, -1.5e-9)
