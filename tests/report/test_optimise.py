"""What the report and results.json say of optimised plans and of the second check."""

from typing import Any

import jsonschema
import pytest
import scouts
from optimising import NOW, planned

from opensirt.domain.case import Case
from opensirt.domain.delivery_error import ErrorQuantity, delivery_errors_in_force
from opensirt.domain.optimised_plan import (
    ControlCurve,
    Objective,
    OptimisedPlan,
    OptimiseRequest,
    RobustRequest,
    VialRequest,
)
from opensirt.domain.record import CaseResult, Plan
from opensirt.errors import InputError
from opensirt.provenance import Provenance
from opensirt.report.content import Section, Table, as_data
from opensirt.report.document import report_document
from opensirt.report.figures.trade_off import trade_off_png
from opensirt.report.results import results_document
from opensirt.report.results_schema import results_schema
from opensirt.report.sections.optimise import optimise_section
from opensirt.report.sections.second_check import second_check_section

FULL = OptimiseRequest(
    vials=VialRequest(hours_after_calibration=110.0),
    robust=RobustRequest(n_scenarios=200, chances={"all": 0.8}),
)


def case() -> Case:
    return scouts.two_territories(
        prescription=scouts.prescription(
            "glass", limits={"normal_liver": 60.0}, targets={"glass": {"tumour": 100.0}}
        )
    )


@pytest.fixture(scope="module")
def made() -> Plan:
    return planned(case(), FULL)


def document(plan: Plan) -> dict[str, Any]:
    result = CaseResult(
        case_key="boxes",
        findings=plan.findings,
        plan=plan,
        provenance=Provenance(
            method="run",
            made_at=NOW,
            inputs={},
            parameters={},
            reference_data={},
            software={"opensirt": "0"},
        ),
    )
    made: dict[str, Any] = results_document(case(), result)
    assert "Optimised activities" in [
        section["title"] for section in as_data(report_document(case(), result))["sections"]
    ]
    return made


def words(section: Section) -> str:
    return str([block for block in section.blocks if isinstance(block, Table)]) + str(
        section.blocks[0]
    )


def test_results_hold_every_part_and_fit_the_schema(made: Plan) -> None:
    content = document(made)
    jsonschema.validate(content, results_schema())
    glass = next(one for one in content["plan"]["optimised"] if one["device"] == "glass")
    plan = next(one for one in made.optimised if one.device == "glass")
    assert glass["administered_activity_bq"] == pytest.approx(sum(plan.administered_bq))
    assert [one["territory"] for one in glass["territories"]] == ["R", "L"]
    assert glass["robust"]["chosen_by_chance"] == {"all": 0.8}
    assert {goal["kind"] for goal in glass["robust"]["goals"]} == {"limit", "target"}
    assert len(glass["trade_off"]) == len(plan.trade_off)
    assert len(content["plan"]["second_checks"]) == len(made.second_checks)


def test_a_refusal_is_in_results_and_report() -> None:
    plan = planned(case(), OptimiseRequest(earlier_lung_gy=60.0))
    content = document(plan)
    jsonschema.validate(content, results_schema())
    glass = next(one for one in content["plan"]["optimised"] if one["device"] == "glass")
    assert "lung cumulative 50 Gy to 60 Gy" in glass["refusal"]
    assert glass["objective_value"] == "done, could not be judged"
    assert "Refused" in str(optimise_section(plan.optimised).blocks)


def test_the_section_names_binding_limits_prices_chances_and_sources(made: Plan) -> None:
    text = words(optimise_section(made.optimised))
    for part in (
        "Best activities of every device",
        "Limits and their prices",
        "normal liver 60 Gy",
        "The next vial",
        "How likely each goal is met",
        "every tumour at least 100 Gy",
        "Errors of delivery that the scenarios are drawn from",
        "published prior",
        "Smits et al.",
        "⚠",
        "chance asked for (all 80%)",
    ):
        assert part in text


def test_the_site_s_own_cases_are_shown_with_how_they_fit() -> None:
    history = {
        ErrorQuantity.LUNG_SHUNT_FRACTION: [[0.7 + 0.03 * number] for number in range(22)],
    }
    errors = delivery_errors_in_force("glass", history=history, source="site ledger, 22 cases")
    plan = planned(
        case(),
        OptimiseRequest(trade_off=False, robust=RobustRequest(n_scenarios=100)),
        errors={"glass": errors},
    )
    text = words(optimise_section(plan.optimised))
    assert "The site's own cases inside the stated intervals" in text
    assert "site history" in text
    assert "site ledger, 22 cases" in text
    content = document(plan)
    glass = next(one for one in content["plan"]["optimised"] if one["device"] == "glass")
    [calibration] = glass["robust"]["calibration"]
    assert calibration["case_count"] == 22
    assert calibration["inside_95_percent_interval_fraction"] >= 0.9


def test_control_is_a_chance_in_per_cent() -> None:
    request = OptimiseRequest(
        objective=Objective.CONTROL, control=ControlCurve(d50_gy=100.0, slope_per_gy=0.02)
    )
    text = words(optimise_section(planned(case(), request).optimised))
    assert "points per unit" in text
    assert " %" in text


def test_the_second_check_section_has_a_row_for_each_activity(made: Plan) -> None:
    section = second_check_section(made.second_checks)
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    assert len(table.rows) == len(made.second_checks)


def test_the_picture_needs_a_trade_off(made: Plan) -> None:
    assert trade_off_png(made.optimised).startswith(b"\x89PNG")
    bare: list[OptimisedPlan] = []
    with pytest.raises(InputError, match="no optimised plan has a trade-off"):
        trade_off_png(bare)
