"""The stated intervals hold on a digital patient: few draws here, 100 in bench/uncertainty.py.

Of 10 draws an interval that holds the truth in 95 of 100 holds it in 8 or more with a probability
of 99 %; the spread of 10 estimates is known to a quarter, so that their ratio may reach 1.9.
"""

import numpy as np
import pytest

from opensirt.app.site import site_in_force
from opensirt.phantom.patient import DigitalPatient
from opensirt.phantom.redrawn import QUANTITIES, Row, around_the_liver, compared, stated_intervals

LABELS = ("tumour 2", "tumour 5", "tumour 8")
DRAWS = 10


@pytest.fixture(scope="module")
def rows(y90: DigitalPatient) -> list[Row]:
    cut, site = around_the_liver(y90), site_in_force().profile
    made = [
        stated_intervals(cut, site, np.random.default_rng(child), labels=LABELS)
        for child in np.random.SeedSequence(1).spawn(DRAWS)
    ]
    return compared(y90, made)


@pytest.mark.slow
def test_large_and_small_tumours_lie_in_their_intervals(rows: list[Row]) -> None:
    assert [(one.label, one.quantity) for one in rows] == [
        (label, quantity) for label in LABELS for quantity in QUANTITIES
    ]
    for one in rows:
        assert one.covered >= 0.8, one
        assert one.width_ratio <= 1.9, one
        assert one.estimate_gy == pytest.approx(one.true_gy, rel=0.2), one
