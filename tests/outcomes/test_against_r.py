"""Survival and competing risks against R's survival 3.5 and cmprsk 2.2, table by table.

The approved numbers are R's own (tests/approved/outcomes); four significant digits are wanted,
and seven are found. Real tables need OPENSIRT_TEST_DATA, R itself only the marked test.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from outcome_tables import endpoint
from r_tables import REAL, SIMULATED, Table, approved, cohorts, run_r, table, write_table

from opensirt.domain.missing import Missing
from opensirt.outcomes.cox import CoxData, fit_cox
from opensirt.outcomes.cumulative_incidence import cumulative_incidence
from opensirt.outcomes.fine_gray import fit_fine_gray
from opensirt.outcomes.gray import gray_test
from opensirt.outcomes.kaplan_meier import kaplan_meier
from opensirt.outcomes.log_rank import log_rank, stratified_log_rank
from opensirt.outcomes.restricted_mean import restricted_mean
from opensirt.outcomes.risk_table import RiskTable, risk_table
from opensirt.outcomes.schoenfeld import proportional_hazards_test
from opensirt.outcomes.times import EventTimes

NAMES = [
    *SIMULATED,
    *(
        pytest.param(
            name, marks=pytest.mark.skipif(cohorts() is None, reason="no OPENSIRT_TEST_DATA")
        )
        for name in REAL
    ),
]


def named(**values: object) -> dict[str, float]:
    """Number the values of each key from 1; a double underscore is a point."""
    made: dict[str, float] = {}
    for key, one in values.items():
        flat = [one] if isinstance(one, float) else list(one)  # type: ignore[call-overload] # rows
        for number, value in enumerate(flat, start=1):
            if not isinstance(value, Missing):
                made[f"{key.replace('__', '.')}.{number}"] = float(value)
    return made


def curves(times: EventTimes, given: Table) -> dict[str, float]:
    horizon = given["horizon"][0]
    at = [0.25 * horizon, 0.5 * horizon, horizon]
    curve = kaplan_meier(risk_table(times.time, times.event))
    found = [curve.at(t) for t in at]
    quantiles = [curve.quantile(q) for q in (0.25, 0.5)]
    mean = restricted_mean(curve, horizon)

    def groups(rows: np.ndarray) -> list[RiskTable]:
        chosen = [rows & (given["group"] == g) for g in np.unique(given["group"])]
        return [risk_table(times.time[one], times.event[one]) for one in chosen]

    strata = [groups(given["stratum"] == s) for s in np.unique(given["stratum"])]
    return named(
        km__survival=[one.estimate for one in found],
        km__low=[one.low for one in found],
        km__high=[one.high for one in found],
        km__at_risk=curve.at_risk(at),
        km__quantile=[one.estimate for one in quantiles],
        km__quantile_low=[one.low for one in quantiles],
        km__quantile_high=[one.high for one in quantiles],
        rmean=[mean.estimate, mean.standard_error],
        logrank=log_rank(groups(np.ones(times.n, dtype=bool))).test.statistic,
        logrank_stratified=stratified_log_rank(strata).test.statistic,
    )


def hazards(times: EventTimes, given: Table) -> dict[str, float]:
    x, names = np.column_stack([given["x1"], given["x2"]]), ("x1", "x2")
    data = CoxData.of(times, x, names)
    fit = fit_cox(data)
    tests = (fit.likelihood_ratio_test, fit.wald_test, fit.score_test)
    checked = {
        key: proportional_hazards_test(data, fit, transform=transform)
        for key, transform in (("cox__zph", "km"), ("cox__zph_identity", "identity"))
    }
    stratified = fit_cox(CoxData.of(times, x, names, stratum=given["stratum"])).coefficients
    clustered = fit_cox(CoxData.of(times, x, names, cluster=given["cluster"])).coefficients
    return named(
        cox__coefficient=fit.coefficients.estimate,
        cox__error=fit.coefficients.standard_error,
        cox__interval=fit.coefficients.interval().ravel(),
        cox__likelihood=[fit.log_likelihood_null, fit.log_likelihood],
        cox__tests=[one.statistic for one in tests],
        **{
            key: [test.statistic for test in (*one.tests, one.overall)]
            for key, one in checked.items()
        },
        cox_stratified__coefficient=stratified.estimate,
        cox_stratified__error=stratified.standard_error,
        cox_cluster__error=clustered.standard_error,
    )


def rivals(times: EventTimes, given: Table) -> dict[str, float]:
    horizon = given["horizon"][0]
    made: dict[str, float] = {}
    causes = range(1, 2 + len(times.competing))
    for cause in causes:
        found = cumulative_incidence(times, cause=cause)
        at = [0.25 * horizon, 0.5 * horizon, horizon]
        place = np.searchsorted(found.table.time, at, side="right") - 1
        key = f"incidence{cause}"
        made |= named(
            **{
                key: found.incidence[place],
                f"{key}__error": found.standard_error[place],
                f"{key}__low": found.low[place],
                f"{key}__high": found.high[place],
            }
        )
        if cause == 1 and times.competing:
            made |= named(cuminc=found.incidence[place])
    if times.competing:
        split = [times.rows(given["group"] == g) for g in np.unique(given["group"])]
        x = np.column_stack([given["x1"], given["x2"]])
        fit = fit_fine_gray(times, x, ("x1", "x2"))
        made |= named(
            gray=[gray_test(split, cause=c).statistic for c in causes],
            fine_gray__coefficient=fit.coefficients.estimate,
            fine_gray__error=fit.coefficients.standard_error,
            fine_gray__likelihood=fit.log_likelihood,
        )
    return made


def ours(given: Table) -> dict[str, float]:
    times = EventTimes(
        endpoint=endpoint(),
        time=given["time"],
        code=given["code"].astype(np.int64),
        competing=tuple(f"rival {n}" for n in range(1, int(given["code"].max()))),
    )
    return curves(times, given) | hazards(times, given) | rivals(times, given)


@pytest.mark.parametrize("name", NAMES)
def test_estimates_agree_with_r(name: str) -> None:
    theirs, found = approved("survival.R")[name], ours(table(name))
    assert set(theirs) == set(found)
    for key, value in theirs.items():
        assert found[key] == pytest.approx(value, rel=2e-7, abs=1e-9), key


@pytest.mark.r
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="no Rscript")
@pytest.mark.parametrize("name", NAMES)
def test_r_still_says_what_was_approved(name: str, tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", table(name))
    again, before = run_r("survival.R", tmp_path / "table.csv"), approved("survival.R")[name]
    assert set(again) == set(before)
    for key, value in before.items():
        assert again[key] == pytest.approx(value, rel=1e-6, abs=1e-9), key
