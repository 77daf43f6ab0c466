"""Two answers that are harmless alone: what their difference would show stays at home."""

from dataclasses import replace

import numpy as np
import pytest
from centres import centre, plan

from opensirt.errors import InputError
from opensirt.outcomes.federated.differencing import (
    EarlierAnswer,
    ReleasedTable,
    refuse_few_changed,
    row_digests,
)
from opensirt.outcomes.federated.disclosure import SMALL, TOO_MANY, sharing_rules
from opensirt.outcomes.federated.plan import SharedRiskTable
from opensirt.outcomes.federated.share import CentreShare, Columns, share

RULES = sharing_rules()
PLAN = plan()


def answered(
    table: Columns, wanted: object = PLAN, earlier: tuple[EarlierAnswer, ...] = ()
) -> CentreShare:
    return share(
        wanted,  # type: ignore[arg-type]
        table,
        centre="a",
        round_number=0,
        points=PLAN.start(),
        rules=RULES,
        earlier=earlier,
    )


def without(table: Columns, rows: list[int]) -> Columns:
    return {name: np.delete(one, rows) for name, one in table.items()}


def earlier_answer(table: Columns, n_values: int = 20) -> EarlierAnswer:
    used = {name: one for name, one in table.items() if name != "patient"}
    return EarlierAnswer(plan="old", rows=row_digests(used, "s"), tables=(), n_values=n_values)


def test_the_difference_of_two_answers_is_the_row_between_them() -> None:
    """The attack: at the point of round 0 the information differs by x xT / 4 of one row."""
    table = centre(0, 120)
    one, other = answered(table), answered(without(table, [17]))
    first, second = (np.array(each.models["response by dose"].information) for each in (one, other))
    found = 4.0 * (first - second)[0]
    assert found[1] == pytest.approx((np.log(table["dose"][17]) - 4.6) / np.log(2.0))
    assert found[2] == pytest.approx(table["prrt"][17])


@pytest.mark.parametrize("gone", [[17], [1, 2, 3, 4]])
def test_rows_that_differ_in_a_few_are_refused(gone: list[int]) -> None:
    table = centre(0, 120)
    before = earlier_answer(table)
    with pytest.raises(InputError, match=f"{len(gone)} rows differ from those that plan old"):
        refuse_few_changed(row_digests(without(table, gone), "s"), [before], RULES)


def test_the_same_rows_or_many_others_are_answered() -> None:
    table = centre(0, 120)
    before = [earlier_answer(table)]
    refuse_few_changed(row_digests(table, "s"), before, RULES)
    refuse_few_changed(row_digests(without(table, [1, 2, 3, 4, 5]), "s"), before, RULES)
    shuffled = {name: one[::-1] for name, one in table.items()}
    refuse_few_changed(row_digests(shuffled, "s"), before, RULES)
    changed = {**table, "dose": np.where(np.arange(120) == 3, 1.0, table["dose"])}
    with pytest.raises(InputError, match="2 rows differ"):  # the old value, and the new one
        refuse_few_changed(row_digests(changed, "s"), before, RULES)
    refuse_few_changed(row_digests({"prrt": table["prrt"]}, "s"), before, RULES)


def test_intervals_between_the_edges_of_two_tables_are_cells_too() -> None:
    table = centre(4, 200)
    first = PLAN.risk_tables[0]
    second = SharedRiskTable(name="again", time="months", event="died", edges=(0.0, 13.0, 24.0))
    made = answered(table, replace(PLAN, risk_tables=(first, second)))
    between = (table["months"] >= 12) & (table["months"] < 13) & (table["died"] == 0.0)
    assert between.sum() < RULES.least
    assert set(made.risk_tables) == {"overall survival"}
    assert [(one.what, one.reason) for one in made.withheld] == [("again", SMALL)]
    # The same from an answer to an earlier plan; the same edges tell nothing new.
    before = EarlierAnswer(
        plan="old",
        rows={},
        tables=(
            ReleasedTable(
                time="months", event="died", edges=made.risk_tables["overall survival"].edges
            ),
        ),
        n_values=0,
    )
    assert answered(table, replace(PLAN, risk_tables=(second,)), (before,)).risk_tables == {}
    assert set(answered(table, PLAN, (before,)).risk_tables) == {"overall survival"}


def test_outcomes_that_differ_in_a_few_rows_are_not_both_told() -> None:
    table = dict(centre(0, 120))
    table["response_again"] = table["response"].copy()
    table["response_again"][:2] = 1.0 - table["response_again"][:2]
    again = replace(PLAN.models[0], name="again", outcome="response_again")
    wanted = replace(PLAN, models=(*PLAN.models, again))
    made = share(wanted, table, centre="a", round_number=0, points=wanted.start(), rules=RULES)
    assert "again" not in made.models
    assert [one.detail for one in made.withheld] == ["response_again and response differ in 2 rows"]


def test_values_of_earlier_plans_count_towards_the_limit() -> None:
    table = centre(0, 120)
    made = answered(table, PLAN, (earlier_answer(table, n_values=5000),))
    assert made.models == {} or set(made.models) == {"response by dose"}
    assert TOO_MANY in {one.reason for one in made.withheld}
