"""R metafor on its example data and our evidence: ``tests/approved/evidence/metafor.json``.

Data: dat.bcg (Colditz 1994), dat.hackshaw1998, dat.pignon2000 (hazard ratios), dat.pritz1997 and
dat.debruin2009 (proportions), as packed with metafor. Four significant digits are asked for; ours
agree to eight and more, but for the likelihood of the binomial model, which lme4 maximises to
about six. Prediction intervals with normal quantiles take k − 2 degrees of freedom here as in
metafor's type "riley"; limits of the binomial model are those of its test "t". Our HKSJ is its
test "adhoc", the untruncated one its "knha".
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opensirt.domain.evidence_table import published_evidence
from opensirt.domain.missing import Missing
from opensirt.outcomes.evidence.binomial_model import pool_binomial
from opensirt.outcomes.evidence.effect import (
    LOG,
    Effects,
    double_arcsine_proportions,
    logit_proportions,
)
from opensirt.outcomes.evidence.pooling import HKSJ, HKSJ_PLAIN, NORMAL, Pooled, pool
from opensirt.outcomes.evidence.question import Question, select_outcomes
from opensirt.outcomes.evidence.sensitivity import leave_one_out
from opensirt.outcomes.evidence.small_study import INVERSE_SIZE, asymmetry, trim_and_fill

APPROVED = Path(__file__).parents[1] / "approved" / "evidence"
FOUND: Mapping[str, Any] = json.loads((APPROVED / "metafor.json").read_text(encoding="utf-8"))
METHODS = {
    "fixed": ("fixed", NORMAL),
    "dl": ("DL", NORMAL),
    "reml": ("REML", NORMAL),
    "pm": ("PM", NORMAL),
    "reml_hksj": ("REML", HKSJ_PLAIN),
    "reml_adhoc": ("REML", HKSJ),
}
PROPORTIONS = {
    "pritz": FOUND["pritz"],
    "debruin": FOUND["debruin"],
    "dcr": FOUND["evidence"]["dcr"],
    "orr": FOUND["evidence"]["orr"],
}
DIGITS = 1e-6
"""Relative; far below the four digits that are asked for."""

NOTHING = 1e-9
"""metafor's τ² of 2e-13 on the edge is our 0."""


def effects(name: str) -> Effects:
    found = FOUND[name]
    return Effects(
        labels=tuple(str(one) for one in range(len(found["y"]))),
        estimate=np.array(found["y"]),
        variance=np.array(found["v"]),
        sizes=np.array(found.get("n", np.ones(len(found["y"])))),
        scale=LOG,
    )


def same(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(
        np.atleast_1d(np.asarray(ours, dtype=float)),
        np.atleast_1d(np.asarray(theirs, dtype=float)),
        rtol=DIGITS,
        atol=NOTHING,
    )


def compare(fit: Pooled, told: Mapping[str, Any]) -> None:
    one, spread = fit.pooled, fit.heterogeneity
    same(
        [one.estimate, one.standard_error, one.low, one.high, one.p_value],
        [told[key] for key in ("beta", "se", "low", "high", "p")],
    )
    same(
        [spread.tau2, spread.q, spread.q_p_value, 100 * spread.i2, spread.h2],
        [told[key] for key in ("tau2", "q", "q_p", "i2", "h2")],
    )
    if fit.method == "fixed":
        assert fit.prediction is Missing.NOT_ESTIMATED
        return
    same(spread.tau2_interval, told["tau2_interval"])
    assert not isinstance(spread.i2_interval, Missing)
    same(100 * np.array(spread.i2_interval), told["i2_interval"])
    same(fit.prediction, told["prediction_k_2" if fit.adjustment == NORMAL else "prediction"])


@pytest.mark.parametrize("name", ["bcg", "hackshaw", "pignon"])
@pytest.mark.parametrize("method", METHODS)
def test_pooled_estimate_tau2_and_intervals(name: str, method: str) -> None:
    way, adjustment = METHODS[method]
    compare(pool(effects(name), method=way, adjustment=adjustment), FOUND[name]["fits"][method])


@pytest.mark.parametrize("name", PROPORTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_pooled_proportions_by_logit_and_double_arcsine(name: str, method: str) -> None:
    told = PROPORTIONS[name]
    way, adjustment = METHODS[method]
    labels = [str(one) for one in range(len(told["x"]))]
    logits = logit_proportions(labels, told["x"], told["n"])
    same(logits.estimate, told["logit"]["y"])
    same(logits.variance, told["logit"]["v"])
    compare(pool(logits, method=way, adjustment=adjustment), told["logit"]["fits"][method])
    angles = double_arcsine_proportions(labels, told["x"], told["n"])
    same(angles.estimate, told["freeman_tukey"]["y"])
    compare(pool(angles, method=way, adjustment=adjustment), told["freeman_tukey"]["fits"][method])


@pytest.mark.parametrize("name", PROPORTIONS)
def test_back_transformation_of_the_double_arcsine(name: str) -> None:
    told = PROPORTIONS[name]
    labels = [str(one) for one in range(len(told["x"]))]
    fit = pool(double_arcsine_proportions(labels, told["x"], told["n"]), adjustment=NORMAL)
    same(
        [fit.back(one) for one in (fit.pooled.estimate, fit.pooled.low, fit.pooled.high)],
        told["freeman_tukey"]["back"],
    )


@pytest.mark.parametrize("name", PROPORTIONS)
def test_binomial_model_with_the_seven_nodes_of_lme4(name: str) -> None:
    told = PROPORTIONS[name]
    labels = [str(one) for one in range(len(told["x"]))]
    fit = pool_binomial(labels, told["x"], told["n"], nodes=7)
    theirs = told["glmm"]
    ours = [fit.estimate, fit.standard_error, fit.tau2, fit.low, fit.high, fit.likelihood_ratio]
    wanted = [theirs[key] for key in ("beta", "se", "tau2", "low", "high", "lrt")]
    np.testing.assert_allclose(ours, wanted, rtol=5e-5)


@pytest.mark.parametrize("method", ["reml", "dl", "pm", "reml_hksj"])
def test_meta_regression_on_latitude(method: str) -> None:
    told = FOUND["bcg"]["regression"][method]
    way, adjustment = METHODS[method]
    names = ("latitude", "year") if method == "reml_hksj" else ("latitude",)
    fit = pool(
        effects("bcg"),
        method=way,
        adjustment=adjustment,
        moderators={name: FOUND["bcg"][name] for name in names},
    )
    same([one.estimate for one in fit.coefficients], told["beta"])
    same([one.standard_error for one in fit.coefficients], told["se"])
    same([one.low for one in fit.coefficients], told["low"])
    assert not isinstance(fit.moderation, Missing)
    assert not isinstance(fit.moderation.r2, Missing)
    same(
        [fit.heterogeneity.tau2, fit.heterogeneity.q, 100 * fit.heterogeneity.i2],
        [told[key] for key in ("tau2", "q", "i2")],
    )
    same(
        [fit.moderation.statistic, fit.moderation.p_value, 100 * fit.moderation.r2],
        [told[key] for key in ("qm", "qm_p", "r2")],
    )


@pytest.mark.parametrize("name", ["bcg", "hackshaw"])
def test_small_study_effects(name: str) -> None:
    told = FOUND[name]["small"]
    by_error = asymmetry(effects(name))
    same(
        [by_error.statistic, by_error.p_value, by_error.slope],
        [told["egger"][key] for key in ("t", "p", "slope")],
    )
    assert by_error.degrees == told["egger"]["df"]
    by_size = asymmetry(effects(name), predictor=INVERSE_SIZE)
    same([by_size.statistic, by_size.p_value], [told["inverse_n"][key] for key in ("t", "p")])
    filled, theirs = trim_and_fill(effects(name)), told["trim_and_fill"]
    assert (filled.missing, filled.side) == (theirs["missing"], theirs["side"])
    same(
        [filled.pooled.pooled.estimate, filled.pooled.pooled.standard_error],
        [theirs["beta"], theirs["se"]],
    )


def test_leave_one_out() -> None:
    found = [fit.pooled.estimate for _, fit in leave_one_out(effects("bcg"), adjustment=NORMAL)]
    np.testing.assert_allclose(found, FOUND["bcg"]["leave_one_out"], rtol=1e-6)


def counts() -> dict[str, dict[str, list[int]]]:
    base = published_evidence()
    found = {}
    for endpoint in ("dcr", "orr"):
        rows = select_outcomes(base, Question(endpoint=endpoint)).outcomes
        pairs = [one.counts for one in rows]
        known = [one for one in pairs if not isinstance(one, Missing)]
        found[endpoint] = {"x": [one[0] for one in known], "n": [one[1] for one in known]}
    return found


@pytest.mark.parametrize("endpoint", ["dcr", "orr"])
def test_the_approved_counts_are_those_of_the_evidence(endpoint: str) -> None:
    told = FOUND["evidence"][endpoint]
    assert counts()[endpoint] == {"x": told["x"], "n": told["n"]}


@pytest.mark.r
def test_r_gives_the_approved_numbers_again(tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    given, made = tmp_path / "evidence.json", tmp_path / "metafor.json"
    given.write_text(json.dumps(counts()), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own script
        ["Rscript", str(APPROVED / "metafor.R"), str(given), str(made)],  # noqa: S607 - found above
        capture_output=True,
        text=True,
        check=False,
    )
    if "there is no package" in done.stderr:
        pytest.skip("R has no metafor, lme4 or jsonlite")
    assert done.returncode == 0, done.stderr
    again = json.loads(made.read_text(encoding="utf-8"))
    for key in set(FOUND) - {"versions"}:
        agree(FOUND[key], again[key], key)


def agree(first: Any, second: Any, place: str) -> None:
    if isinstance(first, dict):
        assert set(first) == set(second), place
        for key in first:
            agree(first[key], second[key], f"{place}.{key}")
    elif isinstance(first, list):
        assert len(first) == len(second), place
        for number, pair in enumerate(zip(first, second, strict=True)):
            agree(*pair, f"{place}[{number}]")
    elif isinstance(first, float | int):
        assert second == pytest.approx(first, rel=1e-4, abs=1e-9), place
    else:
        assert first == second, place
