"""The hazard ratio of a state that begins during follow-up, as a document and as plain values."""

from typing import Any

from opensirt.outcomes.time_dependent import StateEffect
from opensirt.report.content import Bullets, Column, Document, Facts, Section, Table, row
from opensirt.report.outcome_words import p_value, ratio_interval
from opensirt.report.plain import plain
from opensirt.report.wording import RESEARCH_USE

_READ = (
    "The ratio compares, day by day, those in the state with those who are not in it yet. It is an "
    "association: who is going to live longer may respond more often."
)


def state_effect_document(found: StateEffect, *, made_at: str, software: str) -> Document:
    """Return the estimate for people."""
    gone = "".join(f"; {name} lacks {count}" for name, count in found.missing.items())
    facts = Facts(
        "Definitions",
        (
            ("Cohort", found.endpoint.source),
            ("State", f"{found.state_column}: {found.meaning}"),
            ("Begins", f"on the day of {found.day_column}; before it, the patient is not in it"),
            ("In the state", f"{found.n_with_state} of {found.n}"),
            ("Event", f"{found.endpoint.event}: {found.n_events}"),
            ("Events in the state", str(found.n_events_with_state)),
            ("Time origin", found.endpoint.origin),
            ("Censoring", found.endpoint.censoring),
            ("Criterion", found.endpoint.criterion),
            ("Stratified by", found.strata_column or "nothing"),
            ("Left out for missing values", f"{found.left_out}{gone}"),
        ),
    )
    bounds = found.cox.hazard_ratio_interval(found.level)
    rows = tuple(
        row(name, ratio_interval(float(ratio), float(low), float(high)), p_value(float(p)))
        for name, ratio, (low, high), p in zip(
            found.cox.coefficients.names,
            found.cox.hazard_ratio,
            bounds,
            found.cox.coefficients.p,
            strict=True,
        )
    )
    return Document(
        title=f"{found.endpoint.title} by {found.state_column}, as it begins",
        case_key=found.endpoint.source,
        research_use=RESEARCH_USE,
        made_at=made_at,
        software=software,
        sections=(
            Section(
                "What was analysed", (facts, Bullets((_READ, *found.notes), "To be read with it"))
            ),
            Section(
                "Estimates",
                (
                    Table(
                        "Hazard ratios (Cox with a state that begins during follow-up)",
                        (
                            Column("Column", numeric=False, share=1.6),
                            Column("Hazard ratio", share=1.8),
                            Column("p"),
                        ),
                        rows,
                        (f"In brackets the {found.level:.0%} interval; ties by Efron.",),
                    ),
                ),
            ),
        ),
        subject="Cohort:",
    )


def state_effect_results(found: StateEffect) -> dict[str, Any]:
    """Return the estimate as plain values."""
    bounds = found.cox.hazard_ratio_interval(found.level)
    return {
        "schema": "opensirt/cohort-state/1",
        "endpoint": plain(found.endpoint),
        "state": {"column": found.state_column, "meaning": found.meaning, "day": found.day_column},
        "n": found.n,
        "n_events": found.n_events,
        "n_with_state": found.n_with_state,
        "n_events_with_state": found.n_events_with_state,
        "strata_column": found.strata_column,
        "left_out": found.left_out,
        "missing": plain(found.missing),
        "level": found.level,
        "notes": [_READ, *found.notes],
        "columns": [
            {
                "name": name,
                "hazard_ratio": float(ratio),
                "low": float(low),
                "high": float(high),
                "p": float(p),
            }
            for name, ratio, (low, high), p in zip(
                found.cox.coefficients.names,
                found.cox.hazard_ratio,
                bounds,
                found.cox.coefficients.p,
                strict=True,
            )
        ],
    }
