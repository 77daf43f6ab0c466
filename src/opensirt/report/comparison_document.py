"""A comparison of treatments as a document: balance first, then survival and hazard ratio."""

from opensirt.outcomes.cox import CoxFit
from opensirt.outcomes.propensity import BALANCED
from opensirt.outcomes.treatment_comparison import TreatmentComparison
from opensirt.report.content import Column, Document, KeyFigure, Section, Table, row
from opensirt.report.envelope import cohort_document, drawn, left_out
from opensirt.report.number import rounded, signed
from opensirt.report.outcome_words import p_value, percent_interval, ratio_interval, time_interval


def comparison_document(
    found: TreatmentComparison, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the comparison for people; the picture is a PNG of its figure."""
    return cohort_document(
        f"{found.treated.name} against {found.control.name}",
        found.endpoint.source,
        answers=_answers(found),
        definitions=_definitions(found),
        notes=remarks(found),
        estimates=(
            Section("Balance", (_balance(found), _overlap(found))),
            Section("Estimates", (_survival(found), _ratios(found))),
        ),
        made_at=made_at,
        software=software,
        picture=drawn(
            "comparison",
            picture,
            f"{found.endpoint.title}: {found.treated.name} against {found.control.name}.",
            "Standardised differences before and after weighting, propensity by treatment, and "
            "weighted survival",
        ),
    )


def _answers(found: TreatmentComparison) -> tuple[KeyFigure, ...]:
    """Return the hazard ratio with and without weights, and the weighted medians."""
    ratios = (
        ("Hazard ratio, weighted", found.weighted),
        ("Hazard ratio, as it was", found.crude),
    )
    return (
        *(KeyFigure(name, _ratio(fit, found.level), f"p {_p(fit)}") for name, fit in ratios),
        *(
            KeyFigure(
                f"{arm.name}: weighted median, {found.endpoint.unit}",
                time_interval(arm.median),
                f"{arm.n_events} events among {arm.n}",
            )
            for arm in (found.treated, found.control)
        ),
    )


def _ratio(fit: CoxFit, level: float) -> str:
    ((low, high),) = fit.hazard_ratio_interval(level)
    return ratio_interval(float(fit.hazard_ratio[0]), float(low), float(high))


def _p(fit: CoxFit) -> str:
    return p_value(float(fit.coefficients.p[0]))


def _definitions(found: TreatmentComparison) -> tuple[tuple[str, str], ...]:
    end = found.endpoint
    return (
        ("Cohort", end.source),
        ("Unit of analysis", f"patient, n = {found.n}"),
        ("Treatments", f"column {found.treatment_column}"),
        (found.treated.name, f"n = {found.treated.n}, {found.treated.n_events} events"),
        (found.control.name, f"n = {found.control.n}, {found.control.n_events} events"),
        ("Not compared", f"{found.other_treatments} with another treatment"),
        ("Event", end.event),
        ("Time origin", end.origin),
        ("Censoring", end.censoring),
        ("Criterion", end.criterion),
        ("Unit of time", end.unit),
        ("Effect", found.weights.estimand.value),
        ("Covariates of the propensity", ", ".join(found.covariates)),
        left_out(found.left_out, found.missing),
    )


def remarks(found: TreatmentComparison) -> tuple[str, ...]:
    """Return what a reader must know, the doubts first."""
    items = []
    odd = [one.name for one in found.weights.balance if abs(one.difference_weighted) >= BALANCED]
    if odd:
        items.append(
            f"Not balanced after weighting (difference of {BALANCED:g} or more): "
            f"{', '.join(odd)}. The ratio still holds their effect."
        )
    outside = found.treated.outside_overlap + found.control.outside_overlap
    if outside:
        items.append(
            f"{outside} of {found.n} patients have a propensity beyond all of the other "
            "treatment; nothing was trimmed."
        )
    items.append(
        "Weights balance the named covariates only; what was not recorded can still explain a "
        "difference."
    )
    items += found.notes
    return tuple(items)


def _balance(found: TreatmentComparison) -> Table:
    return Table(
        "Balance before and after weighting",
        (
            Column("Covariate", numeric=False, share=1.6),
            Column(f"{found.treated.name}: mean"),
            Column(f"{found.control.name}: mean"),
            Column("Difference"),
            Column(f"{found.treated.name}: weighted"),
            Column(f"{found.control.name}: weighted"),
            Column("Difference weighted"),
        ),
        tuple(
            row(
                one.name,
                rounded(one.treated_mean),
                rounded(one.control_mean),
                signed(one.difference, 3),
                rounded(one.treated_weighted),
                rounded(one.control_weighted),
                signed(one.difference_weighted, 3),
            )
            for one in found.weights.balance
        ),
        (
            (
                "Differences are standardised: of means over the pooled standard deviation before "
                f"weighting. Below {BALANCED:g} is customarily called balanced (Austin 2009)."
            ),
        ),
    )


def _overlap(found: TreatmentComparison) -> Table:
    rows = []
    for value, arm in ((1.0, found.treated), (0.0, found.control)):
        e = found.weights.propensity[found.weights.treated == value]
        rows.append(
            row(
                arm.name,
                str(arm.n),
                rounded(arm.effective_n),
                f"{e.min():.3f} to {e.max():.3f}",
                str(arm.outside_overlap),
                f"{found.weights.weight[found.weights.treated == value].max():.2f}",
            )
        )
    return Table(
        "Overlap",
        (
            Column("Treatment", numeric=False, share=1.6),
            Column("n"),
            Column("Effective n"),
            Column("Propensity", share=1.4),
            Column("Beyond the other"),
            Column("Largest weight"),
        ),
        tuple(rows),
        ("Weights have mean 1 within each treatment; effective n is (Σw)²/Σw².",),
    )


def _survival(found: TreatmentComparison) -> Table:
    unit, moments = found.endpoint.unit, tuple(found.treated.at)
    columns = [
        Column("Treatment", numeric=False, share=1.6),
        Column("n", share=0.6),
        Column("Events", share=0.6),
        Column("Weighted median", unit, share=1.8),
    ]
    for one in moments:
        columns += [
            Column(f"At {one:g} {unit}, as it was", "%", share=1.6),
            Column("Weighted", "%", share=1.6),
        ]
    return Table(
        found.endpoint.title,
        tuple(columns),
        tuple(
            row(
                arm.name,
                str(arm.n),
                str(arm.n_events),
                time_interval(arm.median),
                *(percent_interval(one) for pair in arm.at.values() for one in pair),
            )
            for arm in (found.treated, found.control)
        ),
        (
            (
                f"In brackets {found.level:.0%} intervals, log(−log); of weighted survival with "
                "robust errors."
            ),
        ),
    )


def _ratios(found: TreatmentComparison) -> Table:
    return Table(
        f"Hazard ratio of {found.treated.name} against {found.control.name} (Cox, ties by Efron)",
        (
            Column("Model", numeric=False, share=2.0),
            Column("Hazard ratio", share=1.8),
            Column("p"),
        ),
        (
            row("as it was, nothing adjusted", _ratio(found.crude, found.level), _p(found.crude)),
            row(
                "weighted by propensity, robust errors",
                _ratio(found.weighted, found.level),
                _p(found.weighted),
            ),
        ),
        (
            f"n = {found.n}, {found.weighted.n_events} events; {found.level:.0%} intervals.",
            "Robust errors take the weights as known. Proportional hazards are assumed.",
        ),
    )
