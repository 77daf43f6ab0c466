"""Pictures of pooled evidence, each with what was counted, how, when and from where."""

from collections.abc import Iterable, Mapping, Sequence

from opensirt.domain.evidence import EvidenceBase, PublishedOutcome
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.evidence.comparison import CentreComparison
from opensirt.outcomes.evidence.medians import PooledMedian
from opensirt.outcomes.evidence.pooled_proportion import PooledProportion
from opensirt.outcomes.evidence.pooling import Pooled, pool
from opensirt.outcomes.evidence.question import Selected
from opensirt.report.figures.forest import ForestRow, forest_png
from opensirt.report.figures.funnel import bubble_png, funnel_png

WORDS: Mapping[str, str] = {
    "dcr": "Disease control (complete or partial response, or stable disease)",
    "orr": "Objective response (complete or partial response)",
    "symptom_response": "Improvement of symptoms",
    "overall_survival_median": "Median overall survival",
    "os_hazard_ratio": "Hazard ratio of death",
}
"""Endpoints in words; others are shown by their names."""


def endpoint_words(endpoint: str) -> str:
    """Return an endpoint in words.

    >>> endpoint_words("orr"), endpoint_words("bilirubin_g3")
    ('Objective response (complete or partial response)', 'Bilirubin g3')
    """
    name = endpoint.replace("_", " ")
    return WORDS.get(endpoint, name[:1].upper() + name[1:])


def forest_of_proportion(
    found: PooledProportion, base: EvidenceBase, comparison: CentreComparison | None = None
) -> bytes:
    """Return the forest plot of a pooled proportion, with our centre below where it is given."""
    largest = max(one.proportion.of for one in found.studies)
    rows = [
        ForestRow(
            label=one.label,
            mark=_mark(one.flags),
            count=f"{one.proportion.count}/{one.proportion.of}",
            estimate=one.proportion.fraction,
            low=one.proportion.exact[0],
            high=one.proportion.exact[1],
            weight=one.proportion.of / largest,
        )
        for one in found.studies
    ]
    rows += [
        ForestRow(
            label=one.method,
            count=f"k = {found.k}",
            estimate=one.estimate,
            low=one.low,
            high=one.high,
            summary=True,
            prediction=one.prediction,
        )
        for one in found.methods
    ]
    if comparison is not None:
        ours = comparison.ours
        rows.append(
            ForestRow(
                label=comparison.centre,
                count=f"{ours.count}/{ours.of}",
                estimate=ours.fraction,
                low=ours.exact[0],
                high=ours.exact[1],
                weight=min(1.0, ours.of / largest),
                ours=True,
            )
        )
    words = endpoint_words(found.selected.question.endpoint)
    notes = [*proportion_notes(found, base)]
    if comparison is not None:
        notes.append(f"{comparison.sentence}.")
    return forest_png(
        rows,
        title=f"{words}: k = {found.k} studies, n = {found.n}",
        axis=f"{words.split(' (')[0]} (% of {_many(found.selected)})",
        column="events/n",
        notes=notes,
    )


def _mark(flags: Sequence[str]) -> str:
    """Return a dagger for a count that is not printed so, ⚠ for one not read in its source."""
    return "".join("⚠" if one.startswith("⚠") else "†" for one in flags)


def proportion_notes(found: PooledProportion, base: EvidenceBase) -> list[str]:
    """Return the lines below a plot: definition, criterion, time, sources, heterogeneity."""
    first = found.first
    spread = ", ".join(
        f"{one.method}: τ² {one.tau2:.3g}"
        + ("" if isinstance(one.i2, Missing) else f", I² {100 * one.i2:.0f} %")
        for one in found.methods
    )
    tail = (
        "Prediction interval (orange): where the proportion of another centre is expected."
        if not isinstance(first.prediction, Missing)
        else "Too few studies for a prediction interval."
    )
    return [
        *common_notes(found.selected, base),
        f"Exact (Clopper–Pearson) intervals of studies. {spread}. {tail}",
    ]


def common_notes(selected: Selected, base: EvidenceBase) -> list[str]:
    """Return definition, unit, criteria, time points and sources of what was pooled."""
    rows = selected.outcomes
    left = len(selected.left_out)
    memory = sum(1 for one in selected.left_out if one.from_memory)
    what = (
        f"{endpoint_words(selected.question.endpoint)}, by {selected.question.unit.value}. "
        f"Criterion: {_listed(one.criterion for one in rows)}. "
        f"Time point: {_listed(one.time_point for one in rows)}. "
        f"Time origin: {_listed(one.time_origin for one in rows)}."
    )
    lines = [
        what,
        "Sources: " + "; ".join(base.study(one.study).citation for one in rows) + ".",
        f"{left} rows of the endpoint are left out, {memory} of them known from memory only.",
    ]
    if any(one.flags for one in rows):
        lines.append(
            "† rebuilt from printed percentages or added up; ⚠ not read in its own source."
        )
    return lines


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(set(words)))


def _many(selected: Selected) -> str:
    return f"{selected.question.unit.value}s"


def forest_of_values(
    rows: Sequence[PublishedOutcome],
    selected: Selected,
    base: EvidenceBase,
    *,
    median: PooledMedian | None,
    ratios: Pooled | None,
    unit: str,
) -> bytes:
    """Return the forest plot of medians or hazard ratios.

    Raises
    ------
    InputError
        When no study has an interval and nothing is pooled.
    """
    drawn = []
    for one in rows:
        if isinstance(one.value, Missing):
            continue
        drawn.append(
            ForestRow(
                label=base.study(one.study).label,
                mark=_mark(one.flags),
                count=_size(base, one.study),
                estimate=one.value,
                low=one.low,
                high=one.high,
                weight=0.4,
            )
        )
    if median is not None and not isinstance(median.interval, Missing):
        drawn.append(
            ForestRow(
                label="weighted median of medians",
                count=f"k = {median.k}",
                estimate=median.median,
                low=median.interval[0],
                high=median.interval[1],
                summary=True,
            )
        )
    if ratios is not None:
        drawn.append(
            ForestRow(
                label=f"log scale, {ratios.method}, {ratios.adjustment}",
                count=f"k = {ratios.k}",
                estimate=ratios.back(ratios.pooled.estimate),
                low=ratios.back(ratios.pooled.low),
                high=ratios.back(ratios.pooled.high),
                summary=True,
                prediction=_back(ratios),
            )
        )
    if not drawn:
        raise InputError("no study to draw; choose another endpoint, unit or criterion")
    notes = common_notes(selected, base)
    if median is not None:
        notes.append(_median_words(median, unit))
    if ratios is not None:
        notes.append(f"Inverse variance of logarithms: {heterogeneity_words(ratios)}.")
    return forest_png(
        drawn,
        title=f"{endpoint_words(selected.question.endpoint)}: k = {selected.k} studies",
        axis=unit,
        column="n",
        notes=notes,
        percent=False,
        log=unit == "ratio",
        reference=1.0 if unit == "ratio" else None,
    )


def _back(fit: Pooled) -> tuple[float, float] | Missing:
    inside = fit.prediction
    return inside if isinstance(inside, Missing) else (fit.back(inside[0]), fit.back(inside[1]))


def heterogeneity_words(fit: Pooled) -> str:
    """Return k, τ², I² and the prediction interval of a fit in one line."""
    spread, inside = fit.heterogeneity, _back(fit)
    told = (
        "too few studies for a prediction interval"
        if isinstance(inside, Missing)
        else f"prediction interval {inside[0]:.3g} to {inside[1]:.3g}"
    )
    return f"k = {fit.k}, τ² {spread.tau2:.3g}, I² {100 * spread.i2:.0f} %, {told}"


def _size(base: EvidenceBase, study: str) -> str:
    size = base.study(study).patients
    return "" if isinstance(size, Missing) else str(size)


def _median_words(median: PooledMedian, unit: str) -> str:
    head = f"Weighted median of {median.k} medians: {median.median:g} {unit}"
    if isinstance(median.interval, Missing):
        return f"{head} ({median.lowest:g} to {median.highest:g}; too few studies for an interval)."
    low, high = median.interval
    return f"{head} ({low:g} to {high:g})."


def funnel_of_proportion(found: PooledProportion, base: EvidenceBase) -> bytes:
    """Return the funnel plot of the logits, with studies filled in where there are enough."""
    filled = found.trim_and_fill
    fit = (
        pool(found.effects, method="fixed", adjustment="normal")
        if isinstance(filled, Missing)
        else filled.pooled
    )
    words = endpoint_words(found.selected.question.endpoint)
    test = (
        f"k = {found.k}: too few studies for a test of small-study effects"
        if isinstance(found.asymmetry, Missing)
        else "; ".join(
            f"slope on {one.predictor}: p = {one.p_value:.3g}" for one in found.asymmetry
        )
    )
    return funnel_png(
        fit,
        title=f"{words}: k = {found.k} studies, n = {found.n}",
        axis="log odds of the proportion",
        notes=[*common_notes(found.selected, base), f"{test}."],
        filled=0 if isinstance(filled, Missing) else filled.missing,
    )


def bubble_of_proportion(found: PooledProportion, base: EvidenceBase) -> bytes:
    """Return the bubble plot of a meta-regression.

    Raises
    ------
    InputError
        When no regression was asked for.
    """
    if found.regression is None or found.moderator is None:
        raise InputError("no meta-regression was made; name a numeric moderator")
    name, numbers = found.moderator
    words = endpoint_words(found.selected.question.endpoint)
    slope = found.regression.coefficients[1]
    said = (
        f"Slope of the log odds {slope.estimate:.3g} ({slope.low:.3g} to {slope.high:.3g}), "
        f"p = {slope.p_value:.3g}; REML, HKSJ. Area of a bubble: weight."
    )
    return bubble_png(
        found.regression,
        numbers,
        title=f"{words}: k = {found.k} studies, n = {found.n}",
        axis="Proportion",
        across=name.replace("_", " "),
        notes=[*common_notes(found.selected, base), said],
    )
