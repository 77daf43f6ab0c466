"""Pooled evidence in tables for people."""

import click

from opensirt.app.evidence_meta import MetaAnalysis
from opensirt.app.pool_shared import PooledCentres
from opensirt.cli.answer import findings, number, table
from opensirt.domain.missing import Missing
from opensirt.outcomes.evidence.pooled_proportion import PooledProportion
from opensirt.outcomes.evidence.pooling import Pooled
from opensirt.outcomes.federated.interval_table import actuarial_survival
from opensirt.report.evidence_plots import common_notes, endpoint_words, heterogeneity_words


def say_meta(made: MetaAnalysis) -> None:
    """Write a meta-analysis to standard output; k stands with every pooled figure."""
    findings(made.selected.findings)
    if made.proportion is not None:
        _say_proportion(made.proportion)
    if made.comparison is not None:
        click.echo(f"{made.comparison.sentence}; p = {number(made.comparison.p_value, 2)}\n")
    if made.proportion is None:
        _say_values(made)
    memory = [one.outcome for one in made.selected.left_out if one.from_memory]
    if memory:
        table(
            f"⚠ From memory, not pooled: {len(memory)} rows",
            ("study", "criterion", "count", "printed", "note"),
            [
                (
                    one.study,
                    one.criterion,
                    "—"
                    if isinstance(one.events, Missing) or isinstance(one.of, Missing)
                    else f"{one.events}/{one.of}",
                    _printed(one.percent, one.value, one.value_unit),
                    one.note,
                )
                for one in memory
            ],
        )
    others = [one for one in made.selected.left_out if not one.from_memory]
    if others:
        table(
            f"Left out: {len(others)} rows",
            ("row", "study", "reason"),
            [(one.outcome.key, one.outcome.study, one.reason) for one in others],
        )
    for line in common_notes(made.selected, made.base):
        click.echo(line)


def _printed(percent: float | Missing, value: float | Missing, unit: str) -> str:
    if not isinstance(percent, Missing):
        return f"{percent:g} %"
    return "—" if isinstance(value, Missing) else f"{value:g} {unit}"


def _say_proportion(found: PooledProportion) -> None:
    words = endpoint_words(found.selected.question.endpoint)
    table(
        f"{words}: k = {found.k} studies, n = {found.n}",
        ("study", "count", "%", "exact 95 %", "Wilson 95 %", "flags"),
        [
            (
                one.label,
                f"{one.proportion.count}/{one.proportion.of}",
                _percent(one.proportion.fraction),
                _interval(one.proportion.exact),
                _interval(one.proportion.wilson),
                ", ".join(one.flags),
            )
            for one in found.studies
        ],
    )
    table(
        f"Pooled, k = {found.k}",
        ("method", "%", "95 %", "prediction", "τ²", "τ² 95 %", "I² %", "Q p"),
        [
            (
                one.method,
                _percent(one.estimate),
                _interval((one.low, one.high)),
                _interval(one.prediction),
                number(one.tau2, 3),
                _plain(one.tau2_interval),
                _percent(one.i2),
                number(one.q_p_value, 2),
            )
            for one in found.methods
        ],
    )
    if found.leave_one_out:
        table(
            f"Without one study ({found.first.method}, k = {found.k - 1})",
            ("without", "%", "95 %"),
            [
                (name, _percent(middle), _interval((low, high)))
                for name, (middle, low, high) in found.leave_one_out.items()
            ],
        )
    for group in found.subgroups:
        table(
            f"By {group.by} (logit, REML, HKSJ): {_difference(group.difference)}",
            (group.by, "k", "%", "95 %", "studies"),
            [
                (
                    name,
                    str(len(labels)),
                    "—" if isinstance(fit, Missing) else _percent(fit.back(fit.pooled.estimate)),
                    "—"
                    if isinstance(fit, Missing)
                    else _interval((fit.back(fit.pooled.low), fit.back(fit.pooled.high))),
                    ", ".join(labels),
                )
                for name, fit, labels in group.groups
            ],
        )
    if found.regression is not None:
        _say_regression(found.regression)
    if isinstance(found.asymmetry, Missing):
        click.echo(f"small-study effects: too few studies for a test (k = {found.k})")
    else:
        for one in found.asymmetry:
            click.echo(f"small-study effects by {one.predictor}: p = {one.p_value:.3g}")


def _difference(found: object) -> str:
    p = getattr(found, "p_value", None)
    return "no test" if p is None else f"difference p = {p:.3g}"


def _say_regression(fit: Pooled) -> None:
    table(
        f"Meta-regression of the log odds, k = {fit.k}, REML, HKSJ",
        ("coefficient", "estimate", "95 %", "p"),
        [
            (
                one.name,
                number(one.estimate),
                _plain((one.low, one.high)),
                number(one.p_value, 2),
            )
            for one in fit.coefficients
        ],
    )


def _say_values(made: MetaAnalysis) -> None:
    rows = made.selected.outcomes
    words = endpoint_words(made.selected.question.endpoint)
    table(
        f"{words}: k = {made.k} studies",
        ("study", "n", "value", "95 %", "flags"),
        [
            (
                made.base.study(one.study).label,
                number(made.base.study(one.study).patients),
                f"{number(one.value)} {one.value_unit}",
                "—" if isinstance(one.low, Missing) else f"{number(one.low)} to {number(one.high)}",
                ", ".join(one.flags),
            )
            for one in rows
        ],
    )
    if made.median is not None:
        found = made.median
        interval = (
            f"; range {number(found.lowest)} to {number(found.highest)}, too few studies for an "
            "interval"
            if isinstance(found.interval, Missing)
            else f" ({_plain(found.interval)})"
        )
        how = "weighted by patients" if found.weighted else "unweighted"
        click.echo(f"median of medians, {how}, k = {found.k}: {number(found.median)}{interval}")
    if made.ratios is not None:
        fit = made.ratios
        click.echo(
            f"inverse variance of logarithms ({fit.method}, {fit.adjustment}), k = {fit.k} with an "
            f"interval: {number(fit.back(fit.pooled.estimate))} "
            f"({_plain((fit.back(fit.pooled.low), fit.back(fit.pooled.high)))}); "
            f"{heterogeneity_words(fit)}"
        )


def _percent(fraction: float | Missing) -> str:
    return "—" if isinstance(fraction, Missing) else f"{100.0 * fraction:.1f}"


def _interval(ends: tuple[float, float] | Missing) -> str:
    if isinstance(ends, Missing):
        return "—"
    return f"{100.0 * ends[0]:.1f} to {100.0 * ends[1]:.1f}"


def _plain(ends: tuple[float, float] | Missing) -> str:
    return "—" if isinstance(ends, Missing) else f"{number(ends[0], 3)} to {number(ends[1], 3)}"


def say_round(made: PooledCentres) -> None:
    """Write the models of a round to standard output."""
    plan = made.round.plan
    click.echo(f"plan {plan.key}: {plan.definition}")
    click.echo(f"time origin: {plan.time_origin}; criterion: {plan.criterion}")
    click.echo(f"round {made.round.round_number}; keys: {_keys(made)}")
    for model in made.round.models:
        state = "converged" if model.converged else "not yet: the estimates after this step"
        table(
            f"{model.name}: n = {model.n}, events = {model.events}, k = {len(model.centres)} "
            f"centres ({', '.join(model.centres)}); {state}",
            ("coefficient", "estimate", "standard error", "95 %", "robust error"),
            [
                (
                    one.name,
                    number(one.estimate, 6),
                    number(one.standard_error, 6),
                    _plain((one.low, one.high)),
                    "—" if one.robust_error is None else number(one.robust_error, 6),
                )
                for one in model.coefficients
            ],
        )
    for name, counts in made.round.risk_tables.items():
        survival = {end: (s, e) for end, s, e in actuarial_survival(counts)}
        table(
            f"{name}: n = {counts.n}, life table of all centres that share it",
            ("from", "at risk", "events", "censored", "survival at the end", "standard error"),
            [
                (
                    number(edge),
                    str(counts.entering[place]),
                    str(counts.events[place]),
                    str(counts.censored[place]),
                    *_at_end(counts.edges, place, survival),
                )
                for place, edge in enumerate(counts.edges)
            ],
        )


def _at_end(
    edges: tuple[float, ...], place: int, survival: dict[float, tuple[float, float]]
) -> tuple[str, str]:
    if place + 1 == len(edges):
        return "—", "—"
    middle, error = survival[edges[place + 1]]
    return number(middle), number(error)


def _keys(made: PooledCentres) -> str:
    return ", ".join(f"{name} {digits}" for name, digits in made.fingerprints.items())


def round_document(made: PooledCentres) -> dict[str, object]:
    """Return a round as JSON knows it."""
    plan = made.round.plan
    return {
        "schema": "opensirt/evidence-pool/1",
        "plan": plan.key,
        "plan_sha256": plan.sha256,
        "definition": plan.definition,
        "time_origin": plan.time_origin,
        "criterion": plan.criterion,
        "round": made.round.round_number,
        "converged": made.round.converged,
        "keys": made.fingerprints,
        "findings": made.findings,
        "models": [
            {
                "name": one.name,
                "n": one.n,
                "events": one.events,
                "centres": one.centres,
                "converged": one.converged,
                "coefficients": one.coefficients,
                "log_likelihood": one.log_likelihood,
            }
            for one in made.round.models
        ],
        "risk_tables": {
            name: {
                "n": one.n,
                "edges": one.edges,
                "entering": one.entering,
                "events": one.events,
                "censored": one.censored,
                "survival": actuarial_survival(one),
            }
            for name, one in made.round.risk_tables.items()
        },
        "absent": made.round.absent,
    }
