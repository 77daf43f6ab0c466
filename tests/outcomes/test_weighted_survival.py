"""Weighted survival against R (survival 3: survfit, weights, robust, log-log), and its law."""

import numpy as np
import pytest

from opensirt.errors import InputError
from opensirt.outcomes.weighted_survival import weighted_kaplan_meier


def test_against_r_on_the_lung_data() -> None:
    """Weights 0.5 + (row mod 7)/4 on ``subset(lung, !is.na(ph.ecog))``, one id for each row."""
    from lifelines.datasets import load_lung

    lung = load_lung().dropna(subset=["ph.ecog"])
    weight = 0.5 + (np.arange(1, len(lung) + 1) % 7) / 4
    made = weighted_kaplan_meier(lung["time"], lung["status"] == lung["status"].max(), weight)
    for time, wanted in (
        (100, (0.87448770, 0.821224354, 0.91272053)),
        (365, (0.42065980, 0.344097179, 0.49516557)),
        (700, (0.14042848, 0.084049388, 0.21094499)),
    ):
        found = made.at(time)
        assert (found.estimate, found.low, found.high) == pytest.approx(wanted, rel=1e-6)


def test_the_size_of_all_weights_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    time, event, weight = rng.integers(1, 30, 80), rng.random(80) < 0.6, rng.uniform(0.2, 3, 80)
    one = weighted_kaplan_meier(time, event, weight)
    other = weighted_kaplan_meier(time, event, 7.5 * weight)
    np.testing.assert_allclose(one.survival, other.survival, rtol=1e-12)
    np.testing.assert_allclose(one.low, other.low, rtol=1e-9)
    with pytest.raises(InputError, match="not above zero"):
        weighted_kaplan_meier(time, event, 0 * weight)
