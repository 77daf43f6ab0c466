"""A course of scores as a document: the model, and how many answered when."""

from opensirt.outcomes.score_analysis import ScoreAnalysis
from opensirt.report.content import Column, Document, KeyFigure, Section, Table, row
from opensirt.report.envelope import cohort_document, drawn, left_out
from opensirt.report.number import rounded
from opensirt.report.outcome_words import p_value, ratio_interval

ABSENT = (
    "Answers are taken as absent at random given the columns; those too ill to answer are not, "
    "and the course then looks better than it was."
)


def score_document(
    found: ScoreAnalysis, *, made_at: str, software: str, picture: bytes | None = None
) -> Document:
    """Return the course for people; the picture is a PNG of its figure."""
    return cohort_document(
        found.title,
        found.population,
        answers=_answers(found),
        definitions=(
            ("Cohort", found.population),
            ("Unit of analysis", f"visit, n = {found.course.n} of {found.n_patients} patients"),
            ("Score", found.title),
            ("Unit of the score", found.score_unit or "none"),
            ("Criterion", found.criterion),
            ("Time", f"{found.time_column}: {found.origin} ({found.time_unit})"),
            ("Groups", found.group_column or "none"),
            ("Covariates", ", ".join(found.covariates) or "none"),
            left_out(found.left_out, found.missing),
        ),
        notes=(ABSENT, *found.notes),
        estimates=(Section("Estimates", (_model(found), _visits(found))),),
        made_at=made_at,
        software=software,
        picture=drawn(
            "scores",
            picture,
            f"{found.title}: {found.course.n} scores of {found.n_patients} patients.",
            f"Observed means and fitted lines of {found.title} over time",
        ),
    )


def _answers(found: ScoreAnalysis) -> list[KeyFigure]:
    """Return what time does to the score, for everybody and beyond that in each group."""
    fitted = found.course.coefficients
    unit = f" {found.score_unit}" if found.score_unit else ""
    return [
        KeyFigure(
            name.capitalize(),
            f"{ratio_interval(float(b), float(low), float(high))}{unit}",
            f"p {p_value(float(p))}",
        )
        for name, b, (low, high), p in zip(
            fitted.names, fitted.estimate, fitted.interval(found.level), fitted.p, strict=True
        )
        if found.slope_name in name
    ]


def _model(found: ScoreAnalysis) -> Table:
    fitted = found.course.coefficients
    spread = [
        f"Standard deviations: between patients {rounded(found.course.intercept_spread)}",
        f"within patients {rounded(found.course.residual_spread)}",
    ]
    if found.course.slope_spread is not None:
        spread.insert(1, f"of their slopes {rounded(found.course.slope_spread)} {found.slope_name}")
    return Table(
        "Linear mixed model (REML)",
        (
            Column("Column", numeric=False, share=2.0),
            Column("Estimate", found.score_unit, share=1.8),
            Column("p"),
        ),
        tuple(
            row(name, ratio_interval(float(b), float(low), float(high)), p_value(float(p)))
            for name, b, (low, high), p in zip(
                fitted.names,
                fitted.estimate,
                fitted.interval(found.level),
                fitted.p,
                strict=True,
            )
        ),
        (f"In brackets {found.level:.0%} intervals (Wald). {'; '.join(spread)}.",),
    )


def _visits(found: ScoreAnalysis) -> Table:
    return Table(
        "What was observed",
        (
            Column("Group", numeric=False, share=1.4),
            Column("Time", found.time_unit),
            Column("Answered"),
            Column("Mean", found.score_unit),
            Column("SD", found.score_unit),
        ),
        tuple(
            row(
                one.group,
                f"{one.time:g}",
                str(one.n),
                rounded(one.mean),
                "one answer" if one.standard_deviation is None else rounded(one.standard_deviation),
            )
            for one in found.visits
        ),
        ("Means of those who answered then: not the same patients at every visit.",),
    )
