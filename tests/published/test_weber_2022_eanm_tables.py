"""EANM procedure guideline 2022 (EJNMMI 49:1682), tables 2–4: maxima and minima as printed."""

import pytest

from opensirt.domain.site import Figure
from opensirt.domain.site_defaults import default_site_profile, printed_limits, printed_targets


def limits(device: str) -> dict[str, tuple[str, float]]:
    return {name: (key, one.value) for name, key, one in printed_limits(device)}


def targets(device: str) -> dict[str, tuple[str, float]]:
    return {name: (key, one.value) for name, key, one in printed_targets(device)}


def test_table_2_glass() -> None:
    printed = limits("glass")
    assert printed["glass-bilirubin-high"] == ("normal_liver", 50.0)
    assert printed["glass-bilirubin-low"] == ("normal_liver", 90.0)
    assert printed["glass-unilobar"] == ("normal_liver", 75.0)
    assert printed["glass-small-reserve"] == ("perfused_normal_liver", 120.0)
    assert targets("glass")["glass-segmentectomy"] == ("perfused_volume", 400.0)
    assert targets("glass")["glass-tumour-hcc"] == ("tumour", 205.0)
    assert targets("glass")["glass-tumour-icc"] == ("tumour", 260.0)
    assert targets("glass")["glass-tumour-mcrc"] == ("tumour", 189.0)


def test_table_3_resin() -> None:
    printed = limits("resin")
    assert printed["resin-unilobar"] == ("perfused_normal_liver", 40.0)
    assert printed["resin-bilobar"] == ("perfused_normal_liver", 40.0)
    assert printed["resin-bilobar-impaired"] == ("perfused_normal_liver", 30.0)
    assert targets("resin")["resin-segmentectomy"] == ("perfused_volume", 150.0)


def test_the_70_gy_of_a_resin_lobectomy_are_a_minimum() -> None:
    assert targets("resin")["resin-lobectomy-hypertrophy"] == ("perfused_normal_liver", 70.0)
    assert all(value != 70 for _, value in limits("resin").values())


def test_table_4_holmium() -> None:
    printed = limits("holmium")
    assert printed["holmium-unilobar"] == ("normal_liver", 60.0)
    assert printed["holmium-bilobar"] == ("normal_liver", 40.0)
    assert targets("holmium")["holmium-perfused"] == ("perfused_volume", 60.0)
    assert targets("holmium")["holmium-tumour-icc"] == ("tumour", 150.0)
    assert targets("holmium")["holmium-tumour-mcrc"] == ("tumour", 90.0)


@pytest.mark.parametrize(
    ("device", "key", "gy"),
    [
        ("resin", "perfused_normal_liver", 40),
        ("glass", "normal_liver", 75),
        ("holmium", "normal_liver", 60),
    ],
)
def test_limits_in_force_name_their_scenario_and_that_it_is_not_of_net(
    device: str, key: str, gy: float
) -> None:
    figure = default_site_profile().limits[device][key]
    assert figure.value == gy
    assert figure.verified
    assert "unilobar" in figure.scenario
    assert "no row" in figure.scenario


def test_no_tumour_target_is_in_force_by_default() -> None:
    assert all(not one for one in default_site_profile().targets.values())


def test_every_printed_figure_has_a_source_and_a_scenario() -> None:
    for device in ("resin", "glass", "holmium"):
        for _, _, figure in (*printed_limits(device), *printed_targets(device)):
            assert isinstance(figure, Figure)
            assert figure.source
            assert figure.scenario
            assert figure.unit == "Gy"
