from protocol.standard.presentation import PRESENTATIONS
from protocol.standard.quantities import DATA_BLOCK, QUANTITIES


def test_every_quantity_is_presented() -> None:
    assert PRESENTATIONS.keys() == QUANTITIES.keys()


def test_what_home_assistant_would_refuse_has_no_class() -> None:
    for refused in (12, 13, 15, 17, 23, 26, 30):
        assert not PRESENTATIONS[refused].device_class
    for unitless in (130, 132):
        assert PRESENTATIONS[unitless].device_class
        assert not PRESENTATIONS[unitless].unit


def test_only_the_block_of_bytes_is_no_entity() -> None:
    assert {key for key, each in PRESENTATIONS.items() if each.component is None} == {DATA_BLOCK}
    assert {key for key, each in PRESENTATIONS.items() if not each.metric} == {DATA_BLOCK}


def test_metrics_name_base_units() -> None:
    assert PRESENTATIONS[16].metric == "pressure_pascals"
    assert PRESENTATIONS[16].factor == 100
    assert PRESENTATIONS[161].metric == "energy_joules"
    assert PRESENTATIONS[161].factor == 3600
