"""results.json: everything that a run found, for programs."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.domain.case import Case
from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult, TruthRow
from opensirt.provenance import Provenance
from opensirt.report.dose_results import dose_data
from opensirt.report.plain import plain
from opensirt.report.plan_results import plan_data
from opensirt.report.result_values import NO_VALUE, finding_data, number
from opensirt.report.results_schema import results_schema
from opensirt.report.sections.chosen import reported_dose
from opensirt.report.selection_results import selection_data
from opensirt.report.verification_results import verification_data
from opensirt.report.wording import RESEARCH_USE
from opensirt.report.workup_results import workup_data

__all__ = ["NO_VALUE", "SCHEMA", "results_document", "results_schema"]

SCHEMA = "opensirt/results/1"


def results_document(
    case: Case,
    result: CaseResult,
    *,
    files: Mapping[str, str] = MappingProxyType({}),
    follow_up: FollowUp | None = None,
) -> dict[str, Any]:
    """Return the content of results.json as plain values.

    A number that could not be given is the text that says why; there is no null. Keys of a step
    that was not done are absent.

    Parameters
    ----------
    case, result
        What was done, and with what.
    files
        Name → sha256 of the files that were written beside it.
    follow_up
        What became of the patient; its findings are among those of the result.

    Raises
    ------
    InputError
        When a number is not finite.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "case": result.case_key,
        "research_use": RESEARCH_USE,
        "findings": [finding_data(one) for one in result.findings],
    }
    if result.selection is not None:
        document["selection"] = selection_data(result.selection)
    if result.workup is not None:
        document["workup"] = workup_data(result.workup)
    if result.plan is not None:
        document["plan"] = plan_data(result.plan)
    dose = reported_dose(result)
    if dose is not None:
        document["dose"] = dose_data(dose)
    if result.verification is not None:
        document["verification"] = verification_data(result.verification)
    if follow_up is not None:
        document["follow_up"] = follow_up_data(follow_up)
    if result.truth:
        document["truth"] = [_truth(one) for one in result.truth]
    if case.confirmations:
        document["confirmations"] = [
            {"finding": one.rule, "by": one.by, "on": one.on.isoformat()}
            for one in case.confirmations
        ]
    document["provenance"] = _provenance(result.provenance)
    if files:
        document["files"] = dict(files)
    return document


def follow_up_data(made: FollowUp) -> dict[str, Any]:
    """Return a follow-up as plain values without null, its findings left to the result."""
    found = plain(replace(made, findings=()))
    assert isinstance(found, dict)  # noqa: S101 - a record is a mapping
    found.pop("findings")
    data = _without_null(found)
    assert isinstance(data, dict)  # noqa: S101 - as given
    return data


def _without_null(value: object) -> object:
    if value is None:
        return NO_VALUE
    if isinstance(value, dict):
        return {key: _without_null(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_null(one) for one in value]
    return value


def _truth(one: TruthRow) -> dict[str, Any]:
    return {
        "quantity": one.quantity,
        "unit": one.unit,
        "true": number(one.true),
        "estimated": number(one.estimated),
        "uncorrected": number(one.uncorrected),
        "tolerance": one.tolerance,
    }


def _provenance(provenance: Provenance) -> dict[str, Any]:
    reference = dict(provenance.reference_data)
    return {
        "software": dict(provenance.software),
        "inputs": dict(provenance.inputs),
        "reference_data": reference,
        "site": reference.get("site profile", Missing.NOT_RECORDED.value),
        "made_at": provenance.made_at.isoformat(),
        "method": provenance.method,
        "parameters": {
            key: value if isinstance(value, str) else number(value)
            for key, value in provenance.parameters.items()
        },
    }
