"""Lesions within patients against R's lme4::glmer and ordinal::clmm, 25 nodes each.

The standard error of glmer comes from its own numerical derivatives: 2e-4 of it may differ.
"""

import shutil

import numpy as np
import pytest
from r_tables import FOLDER, approved, lesions, run_r

from opensirt.outcomes.mixed_logistic import fit_mixed_logistic
from opensirt.outcomes.mixed_ordinal import ClusteredOutcomes, fit_mixed_ordinal


def test_mixed_logistic_agrees_with_glmer() -> None:
    theirs, given = approved("mixed.R")["lesions"], lesions()
    x = np.column_stack([given["log_dose"], given["device"]])
    fit = fit_mixed_logistic(x, given["response"], ("log dose", "device"), given["patient"])
    for j in range(3):
        found, error = fit.coefficients.estimate[j], fit.coefficients.standard_error[j]
        assert found == pytest.approx(theirs[f"logistic.coefficient.{j + 1}"], rel=3e-5)
        assert error == pytest.approx(theirs[f"logistic.error.{j + 1}"], rel=2e-4)
    assert fit.spread == pytest.approx(theirs["logistic.spread.1"], rel=3e-5)
    assert fit.log_likelihood == pytest.approx(theirs["logistic.likelihood.1"], rel=1e-8)


def test_mixed_ordinal_agrees_with_clmm() -> None:
    theirs, given = approved("mixed.R")["lesions"], lesions()
    x = np.column_stack([given["log_dose"], given["device"]])
    data = ClusteredOutcomes.of(
        x, ("log dose", "device"), given["category"], ("PD", "SD", "PR", "CR"), given["patient"]
    )
    fit = fit_mixed_ordinal(data)
    assert fit.coefficients.names[:3] == ("PD|SD", "SD|PR", "PR|CR")
    for j in range(5):
        found, error = fit.coefficients.estimate[j], fit.coefficients.standard_error[j]
        assert found == pytest.approx(theirs[f"ordinal.coefficient.{j + 1}"], rel=3e-5)
        assert error == pytest.approx(theirs[f"ordinal.error.{j + 1}"], rel=2e-4)
    assert fit.spread == pytest.approx(theirs["ordinal.spread.1"], rel=3e-5)
    assert fit.log_likelihood == pytest.approx(theirs["ordinal.likelihood.1"], rel=1e-8)


@pytest.mark.r
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="no Rscript")
def test_r_still_says_what_was_approved_of_lesions() -> None:
    again, before = run_r("mixed.R", FOLDER / "lesions.csv"), approved("mixed.R")["lesions"]
    assert again == pytest.approx(before, rel=1e-4)
