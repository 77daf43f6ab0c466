"""A dose–response analysis as a document: curve, threshold, comparisons, limits."""

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.outcomes.dose_comparison import EffectModification, MetricComparison
from opensirt.outcomes.dose_response_analysis import DoseResponseAnalysis
from opensirt.outcomes.kaplan_meier import Interval
from opensirt.outcomes.mixed_ordinal import MixedOrdinalFit
from opensirt.report.content import Column, Document, KeyFigure, Section, Table, row
from opensirt.report.envelope import cohort_document, drawn, left_out
from opensirt.report.number import as_gy, decimals, rounded, signed
from opensirt.report.outcome_words import p_value, proportion_words, ratio_interval

_CHANCES = (0.5, 0.7, 0.8, 0.9)
_RISKS = (0.05, 0.1, 0.2, 0.5)


def dose_response_document(
    found: DoseResponseAnalysis, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the analysis for people; the picture is a PNG of its figure."""
    more: list[Table] = []
    if found.ordinal is not None:
        more.append(_ordinal(found.ordinal))
    if found.metrics is not None:
        more.append(_metrics(found.metrics))
    if found.modification is not None:
        more.append(_modification(found.modification))
    return cohort_document(
        found.title,
        found.population,
        answers=_answers(found),
        definitions=_definitions(found),
        notes=(
            *found.notes,
            "An association in one cohort, not a validated model: dose was not given at random.",
            "Calibration and the figures as found are of the data that the curve was fitted to.",
        ),
        estimates=(
            Section("Estimates", (_curve(found), _doses(found), _seen(found))),
            Section("Threshold", (_threshold(found),)),
            *((Section("Further models", tuple(more)),) if more else ()),
        ),
        made_at=made_at,
        software=software,
        picture=drawn(
            "dose_response",
            picture,
            f"{found.title}: {found.n} {found.unit_of_analysis}s of {found.n_patients} patients.",
            "Chance by dose, ROC and calibration",
        ),
    )


def _answers(found: DoseResponseAnalysis) -> tuple[KeyFigure, ...]:
    """Return D50, steepness, the area under the ROC curve and what they rest on."""
    curve, one = found.fit.curve, found.threshold
    low, high = one.area_interval
    lowest, highest = curve.dose_range_gy
    return (
        KeyFigure("D50, Gy", _interval(found.fit.d50_gy), f"{found.outcome}"),
        KeyFigure(f"Steepness, {curve.form.steepness}", _interval(found.fit.steepness)),
        KeyFigure("Area under the ROC curve", f"{one.area:.2f} ({low:.2f} to {high:.2f})"),
        KeyFigure(
            "With the outcome",
            f"{found.n_events} of {found.n}",
            f"{found.n_patients} patients; {as_gy(lowest)} to {as_gy(highest)} Gy",
        ),
    )


def _definitions(found: DoseResponseAnalysis) -> tuple[tuple[str, str], ...]:
    lowest, highest = found.fit.curve.dose_range_gy
    return (
        ("Cohort", found.population),
        ("Unit of analysis", f"{found.unit_of_analysis}, n = {found.n}"),
        ("Patients", str(found.n_patients)),
        ("Outcome", f"{found.outcome}: {found.n_events}"),
        ("Criterion", found.criterion),
        ("Dose", found.dose_meaning),
        ("Doses seen", f"{as_gy(lowest)} Gy to {as_gy(highest)} Gy"),
        ("Curve", found.fit.curve.form.value),
        left_out(found.left_out, found.missing),
    )


def _interval(one: Interval) -> str:
    estimate, low, high = (
        "open" if isinstance(value, Missing) else rounded(value)
        for value in (one.estimate, one.low, one.high)
    )
    return f"{estimate} ({low} to {high})"


def _curve(found: DoseResponseAnalysis) -> Table:
    columns = (
        Column("Model", numeric=False, share=2.2),
        Column("D50", "Gy", share=1.6),
        Column(found.fit.curve.form.steepness, share=1.6),
        Column("SD between patients", share=1.1),
        Column("Log-likelihood"),
    )
    rows = []
    for name, fit in (
        ("as reported", found.fit),
        ("patients ignored: intervals not valid", found.ignoring_patients),
    ):
        if fit is not None:
            curve = fit.curve
            rows.append(
                row(
                    name,
                    _interval(fit.d50_gy),
                    _interval(fit.steepness),
                    f"{curve.spread:.2f}",
                    decimals(curve.log_likelihood, 2),
                )
            )
    statistic = found.fit.dose_matters_statistic
    line = found.calibration.line.estimate
    return Table(
        "Curve with profile-likelihood intervals",
        columns,
        tuple(rows),
        (
            f"Dose against no dose: likelihood ratio χ² = {statistic:.2f}, 1 df.",
            (
                f"Calibration in the same data: intercept {decimals(line[0], 2)}, "
                f"slope {decimals(line[1], 2)}, Brier {found.calibration.brier:.3f}."
            ),
        ),
    )


def _doses(found: DoseResponseAnalysis) -> Table:
    curve = found.fit.curve
    low, high = curve.dose_range_gy
    rows = []
    for chance in _RISKS if found.title.startswith("Complication") else _CHANCES:
        try:
            one = curve.dose_for(chance)
        except ValueError as error:
            rows.append(row(f"{100 * chance:.0f}", str(error), ""))
            continue
        estimate = one.estimate
        inside = not isinstance(estimate, Missing) and low <= estimate <= high
        rows.append(
            row(f"{100 * chance:.0f}", _interval(one), "" if inside else "outside the doses seen")
        )
    return Table(
        "Dose for a chance" + (" averaged over patients" if curve.spread else ""),
        (
            Column("Chance", "%"),
            Column("Dose", "Gy", share=2.0),
            Column("", numeric=False, share=2.0),
        ),
        tuple(rows),
    )


def _seen(found: DoseResponseAnalysis) -> Table:
    return Table(
        "Seen, fifths by dose",
        (Column("Mean dose", "Gy"), Column("With the outcome (Wilson)", share=2.4)),
        tuple(
            row(rounded(one.dose_gy), proportion_words(one.observed)) for one in found.dose_groups
        ),
        ("Lesions of one patient count as if independent in these intervals.",)
        if found.n_patients < found.n
        else (),
    )


def _threshold(found: DoseResponseAnalysis) -> Table:
    one = found.threshold
    low, high = one.interval
    area_low, area_high = one.area_interval
    return Table(
        f"Youden's threshold, {one.draws} bootstrap samples of patients",
        (
            Column("Threshold", "Gy", share=1.8),
            Column("Sensitivity as found", "%"),
            Column("corrected", "%"),
            Column("Specificity as found", "%"),
            Column("corrected", "%"),
            Column("Area", share=1.6),
        ),
        (
            row(
                f"{rounded(one.value)} ({rounded(low)} to {rounded(high)})",
                *(
                    f"{100 * value:.1f}"
                    for value in (
                        one.sensitivity,
                        one.sensitivity_corrected,
                        one.specificity,
                        one.specificity_corrected,
                    )
                ),
                f"{one.area:.3f} ({area_low:.3f} to {area_high:.3f})",
            ),
        ),
        ("Corrected for the optimism of choosing the threshold in the same data.",),
    )


def _ordinal(fit: MixedOrdinalFit) -> Table:
    bounds = fit.coefficients.interval()
    rows = [
        row(
            name,
            decimals(value, 3),
            "" if np.isnan(low) else f"{decimals(low, 3)} to {decimals(high, 3)}",
        )
        for name, value, (low, high) in zip(
            fit.coefficients.names, fit.coefficients.estimate, bounds, strict=True
        )
    ]
    counts = ", ".join(f"{n} {name}" for name, n in zip(fit.levels, fit.counts, strict=True))
    return Table(
        "Ordered response (cumulative logit, patients with their own intercept)",
        (
            Column("Parameter", numeric=False, share=2.0),
            Column("Estimate"),
            Column("95 %", share=1.6),
        ),
        tuple(rows),
        (f"{fit.n} lesions of {fit.n_patients} patients: {counts}.",),
    )


def _metrics(found: MetricComparison) -> Table:
    return Table(
        "Dose metrics and engines on the same lesions",
        (
            Column("Dose", numeric=False, share=1.4),
            Column("Odds ratio per doubling", share=1.8),
            Column("ΔAIC to the best"),
            Column("Area"),
            Column("Area minus the best's", share=2.0),
        ),
        tuple(
            row(
                one.name,
                ratio_interval(one.odds_ratio_per_doubling, *one.odds_ratio_interval),
                f"{one.akaike_difference:.1f}",
                f"{one.area:.3f}",
                "best"
                if one.akaike_difference == 0
                else f"{signed(one.area_minus_best, 3)} ("
                + " to ".join(signed(end, 3) for end in one.area_minus_best_interval)
                + ")",
            )
            for one in found.rows
        ),
        (
            f"{found.n} lesions of {found.n_patients} patients; {found.left_out} lack a dose.",
            "Below 2 of ΔAIC nothing separates two metrics.",
        ),
    )


def _modification(found: EffectModification) -> Table:
    return Table(
        "Does the effect of dose differ between groups?",
        (Column("Group", numeric=False, share=1.6), Column("Lesions"), Column("D50", "Gy")),
        tuple(
            row(
                name,
                str(found.n[name]),
                "chance does not rise"
                if np.isnan(found.d50_gy[name])
                else rounded(found.d50_gy[name]),
            )
            for name in found.groups
        ),
        tuple(
            f"{test.name.capitalize()}: χ² = {test.statistic:.2f}, {test.degrees} df, "
            f"p {p_value(test.p)}."
            for test in (found.shift, found.interaction)
        ),
    )
