"""PERCIST and total lesion glycolysis over the FDG scans of a course."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

from opensirt.clinical.comparison import at_most
from opensirt.clinical.response.percist import (
    PercistInput,
    PercistLimits,
    PercistResponse,
    baseline_is_measurable,
    percist_limits,
    percist_response,
)
from opensirt.clinical.response.scan_conditions import ScanFacts, comparability
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import FdgScan
from opensirt.reference.table import read_table

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class MetabolicAssessment:
    """One FDG scan against the one before treatment.

    `glycolysis_change_fraction` is the change of total lesion glycolysis; whether it reaches the
    exploratory fall of 45 % is `glycolysis_fell` and makes no category.
    """

    on: date
    response: PercistResponse | Missing
    glycolysis_change_fraction: Number
    glycolysis_fell: bool | Missing
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetabolicCourse:
    """All FDG scans after treatment, and whether the baseline was hot enough to be followed."""

    baseline_on: date
    baseline_measurable: bool | Missing
    limits: PercistLimits
    assessments: tuple[MetabolicAssessment, ...]


def metabolic_course(
    scans: Sequence[FdgScan], *, treated_on: date, limits: PercistLimits | None = None
) -> MetabolicCourse | Missing | None:
    """Return the metabolic response of every scan, why there is none, or None without scans.

    Baseline is the last scan that is not after treatment. The extent of PERCIST is the total
    lesion glycolysis. Scans state SUL; `with_sul` computes it from SUV. `limits` are those of
    the site, or those that ship.

    Raises
    ------
    InputError
        When a SUL peak at baseline is not positive.
    """
    if not scans:
        return None
    before = [one for one in scans if one.on <= treated_on]
    after = sorted((one for one in scans if one.on > treated_on), key=lambda one: one.on)
    if not before:
        return Missing.NEEDS_BASELINE
    baseline = max(before, key=lambda one: one.on)
    measurable: bool | Missing = (
        baseline.sul_peak
        if isinstance(baseline.sul_peak, Missing)
        else (
            baseline_is_measurable(
                sul_peak=baseline.sul_peak,
                liver_mean_sul=baseline.liver_mean_sul,
                liver_deviation_sul=baseline.liver_deviation_sul,
                blood_pool_mean_sul=baseline.blood_pool_mean_sul,
                blood_pool_deviation_sul=baseline.blood_pool_deviation_sul,
            )
        )
    )
    rule = limits or percist_limits()
    found = []
    smallest = baseline.sul_peak
    for scan in after:
        found.append(_assessed(baseline, scan, smallest, rule))
        if not isinstance(scan.sul_peak, Missing) and not isinstance(smallest, Missing):
            smallest = min(smallest, scan.sul_peak) if scan.sul_peak > 0 else smallest
    return MetabolicCourse(
        baseline_on=baseline.on,
        baseline_measurable=measurable,
        limits=rule,
        assessments=tuple(found),
    )


def _assessed(
    baseline: FdgScan, scan: FdgScan, smallest: Number, limits: PercistLimits
) -> MetabolicAssessment:
    change = _change(baseline.total_lesion_glycolysis_g, scan.total_lesion_glycolysis_g)
    fall = read_table("response_criteria")["percist"]["exploratory_extent_decrease_fraction"]
    response: PercistResponse | Missing = Missing.NEEDS_BASELINE
    if not isinstance(baseline.sul_peak, Missing) and not isinstance(smallest, Missing):
        response = percist_response(
            PercistInput(
                baseline_sul=baseline.sul_peak,
                smallest_sul=smallest,
                now_sul=scan.sul_peak,
                liver_mean_sul=_reference(scan),
                indistinguishable=scan.indistinguishable,
                new_lesion=scan.new_lesion,
                other_lesion_increased=scan.other_lesion_increased,
                extent_change_fraction=change,
            ),
            limits=limits,
        )
    return MetabolicAssessment(
        on=scan.on,
        response=response,
        glycolysis_change_fraction=change,
        glycolysis_fell=change if isinstance(change, Missing) else at_most(change, -fall),
        findings=comparability(
            _facts(baseline),
            _facts(scan),
            names=(f"the baseline scan of {baseline.on}", f"the scan of {scan.on}"),
        ),
    )


def _reference(scan: FdgScan) -> Number:
    """Return the liver of the scan, or its blood pool where the liver was not taken."""
    if isinstance(scan.liver_mean_sul, Missing):
        return scan.blood_pool_mean_sul
    return scan.liver_mean_sul


def _change(before: Number, after: Number) -> Number:
    if isinstance(before, Missing) or before <= 0:
        return Missing.NEEDS_BASELINE
    return after if isinstance(after, Missing) else (after - before) / before


def _facts(scan: FdgScan) -> ScanFacts:
    return ScanFacts(**{one.name: getattr(scan, one.name) for one in fields(ScanFacts)})
