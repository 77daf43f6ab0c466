"""Strigari et al., J Nucl Med 2010: NTCP of the liver after resin, as others quote it.

D50 52 Gy and m 0.28 were not read in the paper. The wanted probabilities are those worked in the
project's clinical notes, 8.3.
"""

import pytest

from opensirt.physics.tissue_effect import effect_models, lyman_probability

(MODEL,) = (one for one in effect_models() if one.name == "strigari_resin")


@pytest.mark.parametrize(
    ("dose_gy", "wanted"), [(30.0, 0.065), (40.0, 0.205), (50.0, 0.445), (60.0, 0.709)]
)
def test_probabilities_at_four_doses(dose_gy: float, wanted: float) -> None:
    assert MODEL.slope is not None
    found = lyman_probability(
        dose_gy, half_effect_gy=MODEL.half_effect_gy.value, slope=MODEL.slope.value
    )
    assert found == pytest.approx(wanted, abs=6e-4)


def test_it_is_shown_as_unverified_and_for_resin_in_hepatocellular_disease_only() -> None:
    assert not MODEL.verified
    where = {"tumour_type": "hepatocellular", "structure": "normal_liver"}
    assert MODEL.holds(device="resin", **where)
    assert not MODEL.holds(device="glass", **where)
    assert not MODEL.holds(device="resin", tumour_type="neuroendocrine", structure="normal_liver")
