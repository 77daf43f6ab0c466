"""Laws of the optimiser: nothing on a grid is better, prices are slopes, vials are all tried."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import GRID, limit, programs, tried

from opensirt.physics.optimise import (
    ActivityProgram,
    Optimum,
    ScenarioRow,
    VialKind,
    VialRule,
    activities_by_chance,
    best_choice_by_chance,
    chance_interval,
    kept_chance,
    least_relaxations,
    next_vials,
    optimum,
    vial_optimum,
)

OBJECTIVES = ("mean", "minimum", "control")
any_program = st.sampled_from(OBJECTIVES).flatmap(lambda one: programs(objective=one))
GLASS = VialRule(
    kinds=tuple(VialKind(size_gbq=size, given_gbq=size * 0.3) for size in (3.0, 5.0, 7.0, 10.0)),
    most_per_territory=2,
    whole=True,
)


def solved(program: ActivityProgram) -> Optimum:
    found = optimum(program)
    assert found is not None
    return found


@settings(max_examples=15)
@given(any_program)
def test_no_activity_on_a_grid_is_better_and_a_near_one_is_nearly_as_good(
    program: ActivityProgram,
) -> None:
    best = solved(program)
    assert not program.exceeded(best.activity_gbq)
    on_grid = max(program.objective(one) for one in tried(program))
    assert best.objective >= on_grid * (1 - 1e-4)
    # Rounding the optimum down to the grid costs at most a step of each activity.
    step = tried(program).max(axis=0) / (len(GRID) - 1)
    down = np.floor(best.activity_gbq / step) * step
    assert on_grid >= program.objective(np.maximum(down, 0.0)) * (1 - 1e-9)


@settings(max_examples=15)
@given(any_program)
def test_a_price_is_the_slope_of_the_optimum(program: ActivityProgram) -> None:
    best = solved(program)
    for number, one in enumerate(program.limits):
        step = 1e-3 * one.at_most
        changed = []
        for sign in (-1, 1):
            limits = list(program.limits)
            limits[number] = replace(one, at_most=one.at_most + sign * step)
            changed.append(solved(program.with_limits(tuple(limits))).objective)
        down, up = (best.objective - changed[0]) / step, (changed[1] - best.objective) / step
        slack = 2e-2 * max(abs(down), abs(up)) + 1e-6
        # Where two limits meet the slopes on both sides differ, and the price lies between.
        assert min(up, down) - slack <= best.prices[number] <= max(up, down) + slack


@settings(max_examples=15)
@given(any_program)
def test_a_limit_without_a_price_can_be_raised_for_nothing(program: ActivityProgram) -> None:
    best = solved(program)
    assert any(best.binding(number) for number in range(len(program.limits)))
    for number, one in enumerate(program.limits):
        if best.prices[number] > 0:
            assert one.value(best.activity_gbq) == pytest.approx(one.at_most, rel=1e-5)


@settings(max_examples=10)
@given(any_program)
def test_vials_are_as_good_as_the_best_of_all_choices(program: ActivityProgram) -> None:
    chosen = vial_optimum(program, GLASS)
    assert chosen is not None
    all_choices = [
        np.array([right, left]) for right, _ in GLASS.attainable() for left, _ in GLASS.attainable()
    ]
    best = max(program.objective(one) for one in all_choices if not program.exceeded(one))
    assert chosen.objective == pytest.approx(best, rel=1e-4, abs=1e-9)
    assert not program.exceeded(chosen.activity_gbq)
    assert chosen.objective <= solved(program).objective * (1 + 1e-6)
    for index, sizes in enumerate(chosen.vials_gbq):
        assert sum(sizes) * 0.3 == pytest.approx(chosen.activity_gbq[index])
    for step in next_vials(program, GLASS, chosen):
        index = program.territories.index(step.territory)
        assert step.activity_gbq > chosen.activity_gbq[index]
        # A larger choice that breaks nothing would be taken, were it better.
        assert step.exceeded or step.objective <= chosen.objective * (1 + 1e-4)


@settings(max_examples=10)
@given(programs(objective="minimum"), st.floats(0.5, 0.98), st.integers(0, 1000))
def test_activities_by_chance_keep_it_and_a_single_territory_uses_it_up(
    program: ActivityProgram, chance: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    factors = rng.lognormal(0.0, 0.3, (400, len(program.limits)))
    rows = [
        ScenarioRow(
            key=one.key,
            words=one.words,
            per_gbq=factors[:, [number]] * one.per_gbq,
            at_most=one.room,
            chance=chance,
        )
        for number, one in enumerate(program.limits)
    ]
    found = activities_by_chance(program, rows, [solved(program).activity_gbq])
    assert all(kept_chance(row, found) >= chance for row in rows)
    assert any(kept_chance(row, found * (1 + 1e-9)) < chance for row in rows)
    alone = replace(
        program,
        territories=("right",),
        rows=program.rows[[0], :1],
        second=None,
        limits=tuple(replace(one, per_gbq=one.per_gbq[:1]) for one in program.limits),
    )
    single = [replace(row, per_gbq=row.per_gbq[:, :1]) for row in rows]
    exact = min(
        np.sort(
            np.divide(
                row.at_most,
                row.per_gbq[:, 0],
                out=np.full(400, np.inf),
                where=row.per_gbq[:, 0] > 0,
            )
        )[::-1][int(np.ceil(chance * 400 - 1e-9)) - 1]
        for row in single
    )
    assert activities_by_chance(alone, single, [])[0] == pytest.approx(exact, rel=1e-9)


@given(programs(objective="minimum"), st.floats(0.5, 0.95), st.integers(0, 1000))
@settings(max_examples=10)
def test_vials_by_chance_are_the_best_that_keep_it(
    program: ActivityProgram, chance: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        ScenarioRow(
            key=one.key,
            words=one.words,
            per_gbq=rng.lognormal(0.0, 0.3, (200, 1)) * one.per_gbq,
            at_most=one.room,
            chance=chance,
        )
        for one in program.limits
    ]
    choices = [[one for one, _ in GLASS.attainable()]] * 2
    place = best_choice_by_chance(program, rows, choices)
    assert place is not None  # nothing at all is among them
    found = np.array([choices[0][place[0]], choices[1][place[1]]])
    kept = [
        program.objective(np.array([right, left]))
        for right in choices[0]
        for left in choices[1]
        if all(kept_chance(row, np.array([right, left])) >= chance for row in rows)
    ]
    assert program.objective(found) == pytest.approx(max(kept))


def largest_total(program: ActivityProgram) -> float:
    return solved(replace(program, rows=np.ones((1, 2)), weights=np.ones(1))).objective


@settings(max_examples=10)
@given(programs(objective="minimum"), st.floats(1.05, 3.0))
def test_the_least_relaxation_is_enough_and_less_is_not(
    program: ActivityProgram, more: float
) -> None:
    wanted = more * largest_total(program)
    for number, needed in least_relaxations(program, wanted):
        for factor, enough in ((1 + 1e-6, True), (0.999, False)):
            limits = list(program.limits)
            limits[number] = replace(limits[number], at_most=needed * factor)
            total = largest_total(program.with_limits(tuple(limits)))
            assert (total >= wanted * (1 - 1e-9)) is enough


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_chance_holds_it(counts: tuple[int, int]) -> None:
    n_met, n = counts
    low, high = chance_interval(n_met, n)
    assert 0 <= low <= n_met / n <= high <= 1
    assert (low == 0) is (n_met == 0)
    assert (high == 1) is (n_met == n)


def test_one_territory_by_hand() -> None:
    program = ActivityProgram(
        territories=("right",),
        rows=np.array([[100.0], [60.0]]),
        limits=(limit("normal_liver", [20.0], 40.0), limit("lung", [5.0], 30.0, already=24.0)),
    )
    best = solved(program)
    assert best.activity_gbq == pytest.approx([1.2])
    assert best.objective == pytest.approx(72.0)
    assert best.prices == pytest.approx([0.0, 12.0])
    assert best.reached == (False, True)
