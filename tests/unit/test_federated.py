"""Five centres' sums give the estimates of one table; what would show a row stays at home."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from centres import LOG_2, centre, centres, plan
from lifelines import CoxPHFitter
from numpy.typing import NDArray

from opensirt.errors import InputError
from opensirt.outcomes.federated.disclosure import (
    DOMINATED,
    FAR_POINT,
    SMALL,
    TOO_MANY,
    sharing_rules,
    small_cell,
)
from opensirt.outcomes.federated.interval_table import (
    IntervalTable,
    actuarial_survival,
    coarsened,
    interval_table,
    pooled_table,
)
from opensirt.outcomes.federated.plan import (
    Covariate,
    ModelKind,
    SharedModel,
    SharedPlan,
    SharedRiskTable,
    Transform,
)
from opensirt.outcomes.federated.pool import FederatedRound, pool_shares
from opensirt.outcomes.federated.share import CentreShare, share

RULES = sharing_rules()
PLAN = plan()
TABLES = centres()


def shares(round_number: int, points: object = None) -> list[CentreShare]:
    return [
        share(
            PLAN,
            columns,
            centre=name,
            round_number=round_number,
            points=PLAN.start() if points is None else points,  # type: ignore[arg-type]
            rules=RULES,
        )
        for name, columns in TABLES.items()
    ]


def rounds_to_the_end() -> tuple[FederatedRound, int]:
    memory, points = None, PLAN.start()
    for number in range(25):
        made = pool_shares(PLAN, shares(number, points), memory)
        if made.converged:
            return made, number + 1
        memory = made.memory()
        points = dict(memory.points)
    raise AssertionError("no convergence")


@pytest.fixture(scope="module")
def finished() -> FederatedRound:
    made, n_rounds = rounds_to_the_end()
    assert n_rounds <= 6
    return made


@pytest.fixture(scope="module")
def one_table() -> pd.DataFrame:
    frames = [pd.DataFrame(dict(columns)).assign(centre=name) for name, columns in TABLES.items()]
    joined = pd.concat(frames, ignore_index=True)
    joined["log_dose"] = (np.log(joined["dose"]) - 4.6) / LOG_2
    joined["person"] = pd.factorize(joined["centre"] + joined["patient"].astype(str))[0]
    return joined


def estimates(made: FederatedRound, name: str) -> NDArray[np.float64]:
    (model,) = (one for one in made.models if one.name == name)
    return np.array([[one.estimate, one.standard_error] for one in model.coefficients])


def test_dose_response_is_that_of_one_table(
    finished: FederatedRound, one_table: pd.DataFrame
) -> None:
    design = sm.add_constant(one_table[["log_dose", "prrt"]])
    told = sm.GLM(one_table["response"], design, family=sm.families.Binomial()).fit()
    ours = estimates(finished, "response by dose")
    np.testing.assert_allclose(ours[:, 0], told.params, rtol=1e-6)
    np.testing.assert_allclose(ours[:, 1], told.bse, rtol=1e-5)


def test_robust_errors_are_those_of_one_table_with_lesions_within_patients(
    finished: FederatedRound, one_table: pd.DataFrame
) -> None:
    design = sm.add_constant(one_table[["log_dose", "prrt"]])
    told = sm.GLM(one_table["response"], design, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": one_table["person"], "use_correction": False}
    )
    robust = [one.robust_error for one in finished.models[0].coefficients]
    ours = [one for one in robust if one is not None]
    np.testing.assert_allclose(ours, told.bse, rtol=1e-5)


def test_cox_is_that_of_one_table_with_centres_as_strata(
    finished: FederatedRound, one_table: pd.DataFrame
) -> None:
    kept = one_table[["months", "died", "log_dose", "prrt", "centre"]]
    told = CoxPHFitter().fit(kept, "months", "died", strata=["centre"])
    ours = estimates(finished, "survival")
    np.testing.assert_allclose(ours[:, 0], told.params_, rtol=1e-5)
    np.testing.assert_allclose(ours[:, 1], told.standard_errors_, rtol=1e-5)
    (model,) = (one for one in finished.models if one.name == "survival")
    assert (model.n, model.events) == (len(kept), int(kept["died"].sum()))


def test_tables_at_risk_add_up() -> None:
    parts = [one.risk_tables["overall survival"] for one in shares(0)]
    summed = pooled_table(parts)
    joined = interval_table(
        np.concatenate([one["months"] for one in TABLES.values()]),
        np.concatenate([one["died"] for one in TABLES.values()]) == 1.0,
        summed.edges,
    )
    assert summed == joined
    assert summed.n == sum(one.n for one in parts)


def test_the_life_table_is_that_of_the_textbook() -> None:
    """Actuarial survival by hand: 1 − 10/(100 − 5), then times 1 − 8/(80 − 4)."""
    made = IntervalTable(edges=(0.0, 1.0, 2.0), events=(10, 8, 40), censored=(10, 8, 24))
    assert made.entering == (100, 80, 64)
    first, second = actuarial_survival(made)
    assert first[1] == pytest.approx(1 - 10 / 95)
    assert second[1] == pytest.approx((1 - 10 / 95) * (1 - 8 / 76))
    assert first[2] == pytest.approx((1 - 10 / 95) * (10 / (95 * 85)) ** 0.5)


def test_no_cell_under_five_leaves() -> None:
    time = np.array([1.0] * 6 + [7.0] * 4 + [13.0] * 12)
    event = np.array([1.0, 1, 1, 1, 1, 0] + [1, 0, 0, 0] + [1] * 6 + [0] * 6) == 1.0
    fine = interval_table(time, event, (0.0, 6.0, 12.0))
    assert (fine.events, fine.censored) == ((5, 1, 6), (1, 3, 6))
    joined = coarsened(fine, RULES)
    assert joined == IntervalTable(edges=(0.0,), events=(12,), censored=(10,))
    few = interval_table(time, time > 100.0, (0.0, 6.0, 12.0))
    assert coarsened(few, RULES) is None  # no event at all
    for one in shares(0):
        for counts in one.risk_tables.values():
            assert min(counts.events) >= 5
            assert min(counts.censored) >= 5


def model(**changes: object) -> SharedModel:
    made = SharedModel(
        name="m",
        kind=ModelKind.LOGISTIC,
        outcome="y",
        covariates=(Covariate(column="x"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def withheld(
    columns: dict[str, NDArray[np.float64]],
    *,
    point: tuple[float, ...] = (0.0, 0.0),
    round_number: int = 0,
) -> str:
    wanted = SharedPlan(key="p", definition="d", time_origin="t", criterion="c", models=(model(),))
    made = share(
        wanted,
        columns,
        centre="a",
        round_number=round_number,
        points={"m": point},
        rules=RULES,
    )
    assert not made.models or not made.withheld
    return made.withheld[0].reason if made.withheld else ""


def columns(n: int = 60) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(5)
    return {"x": rng.normal(size=n), "y": (np.arange(n) % 2).astype(float)}


def test_a_model_with_few_events_stays_at_home() -> None:
    table = columns()
    assert withheld(table) == ""
    table["y"] = np.zeros(60)
    table["y"][:4] = 1.0
    assert withheld(table) == SMALL


def test_a_model_with_a_small_cell_of_a_class_stays_at_home() -> None:
    table = columns()
    table["x"] = np.zeros(60)
    table["x"][:8] = 1.0  # four with and four without the outcome
    assert withheld(table) == SMALL
    said = small_cell(table["y"], {"x": table["x"]}, RULES, outcome_name="y")
    assert "4 rows have y = 0 and x = 1; at least 5 are wanted" in said


def test_a_row_that_dominates_a_sum_stays_at_home() -> None:
    table = columns()
    table["x"][7] = 500.0
    assert withheld(table) == DOMINATED


def test_far_parameter_points_are_refused() -> None:
    assert withheld(columns(), point=(0.0, 50.0)) == FAR_POINT


def test_so_many_rounds_that_rows_would_follow_are_refused() -> None:
    assert withheld(columns(20), round_number=2) == ""
    assert withheld(columns(20), round_number=20) == TOO_MANY


def test_rows_with_gaps_are_left_out_and_counted_unless_few() -> None:
    table = columns()
    table["x"][:3] = np.nan
    wanted = SharedPlan(key="p", definition="d", time_origin="t", criterion="c", models=(model(),))
    few = share(
        wanted, table, centre="a", round_number=0, points=wanted.start(), rules=RULES
    ).models["m"]
    assert (few.n, few.left_out) == (57, "<5")
    table["x"][:9] = np.nan
    more = share(
        wanted, table, centre="a", round_number=0, points=wanted.start(), rules=RULES
    ).models["m"]
    assert (more.n, more.left_out) == (51, 9)


def test_all_models_and_tables_count_the_same_rows() -> None:
    """Else the difference of two counts tells how few rows lack a value."""
    table = dict(centre(0, 120))
    table["dose"] = table["dose"].copy()
    table["dose"][:3] = np.nan  # the table at risk does not read the dose
    made = share(PLAN, table, centre="a", round_number=0, points=PLAN.start(), rules=RULES)
    assert {one.n for one in made.models.values()} == {117}
    assert made.risk_tables["overall survival"].n == 117
    assert {one.left_out for one in made.models.values()} == {"<5"}


def test_a_withheld_model_is_pooled_without_that_centre_and_told() -> None:
    small = dict(centre(9, 24))
    small["prrt"] = np.zeros(24)
    small["prrt"][0] = 1.0
    made = pool_shares(
        PLAN,
        [
            *shares(0),
            share(PLAN, small, centre="tiny", round_number=0, points=PLAN.start(), rules=RULES),
        ],
    )
    assert made.absent["survival"] == {"tiny": SMALL}
    assert "tiny" not in made.models[1].centres


def test_a_step_that_makes_it_worse_is_halved() -> None:
    first = pool_shares(PLAN, shares(0))
    memory = first.memory()
    wrong = {name: tuple(-one for one in point) for name, point in memory.points.items()}
    memory = replace(memory, points=wrong)
    made = pool_shares(PLAN, shares(1, wrong), memory)
    response = made.models[0]
    assert not response.converged
    np.testing.assert_allclose(response.next_point, 0.5 * np.array(wrong["response by dose"]))
    assert made.memory().before["response by dose"] == (0.0, 0.0, 0.0)


def test_shares_that_do_not_belong_together_are_refused() -> None:
    given = shares(0)
    with pytest.raises(InputError, match="centre-0 comes twice"):
        pool_shares(PLAN, [*given, given[0]])
    with pytest.raises(InputError, match="of another plan"):
        pool_shares(PLAN, [replace(given[0], plan_sha256="0")])
    with pytest.raises(InputError, match="of round 0; round 1 is due"):
        pool_shares(PLAN, given, pool_shares(PLAN, given).memory())
    memory = pool_shares(PLAN, given).memory()
    later = shares(1, memory.points)
    with pytest.raises(InputError, match="centre-4 took part in one round and not in the other"):
        pool_shares(PLAN, later[:4], memory)
    with pytest.raises(InputError, match="computed at different points"):
        pool_shares(PLAN, shares(1), memory)
    with pytest.raises(InputError, match="no shared file"):
        pool_shares(PLAN, [])
    with pytest.raises(InputError, match="no centre shares the model survival"):
        pool_shares(
            PLAN,
            [replace(given[0], models={"response by dose": given[0].models["response by dose"]})],
        )


def test_plans_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(InputError, match="scale 0; wanted > 0"):
        Covariate(column="x", scale=0.0)
    with pytest.raises(InputError, match="not above zero; no logarithm"):
        Covariate(column="x", transform=Transform.LOG).of([1.0, 0.0])
    with pytest.raises(InputError, match="has no covariate"):
        model(covariates=())
    with pytest.raises(InputError, match="time is for cox"):
        model(time="months")
    with pytest.raises(InputError, match="cluster is for logistic"):
        model(kind=ModelKind.COX, time="months", cluster="patient")
    with pytest.raises(InputError, match="edges rise from 0"):
        SharedRiskTable(name="t", time="m", event="e", edges=(1.0, 2.0))
    with pytest.raises(InputError, match="one name for two"):
        SharedPlan(
            key="p", definition="d", time_origin="t", criterion="c", models=(model(), model())
        )
    with pytest.raises(InputError, match="states definition, time_origin and criterion"):
        SharedPlan(key="p", definition="", time_origin="t", criterion="c", models=())
    with pytest.raises(InputError, match="holds other values than 0 and 1"):
        withheld(columns() | {"y": np.arange(60.0)})
    with pytest.raises(InputError, match="no column 'x'"):
        withheld({"y": np.ones(60)})
    with pytest.raises(InputError, match="the point of model m has 1 numbers"):
        withheld(columns(), point=(0.0,))
    with pytest.raises(InputError, match="before the origin"):
        interval_table(np.array([-1.0]), np.array([True]), (0.0, 1.0))


def test_another_plan_has_another_hash() -> None:
    assert PLAN.sha256 == plan().sha256
    assert PLAN.sha256 != replace(PLAN, criterion="mRECIST").sha256
