"""Pool published outcomes: choose rows, pool them, say all that belongs beside the figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opensirt.domain.evidence import EvidenceBase, PublishedOutcome
from opensirt.domain.evidence_table import published_evidence
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.evidence.comparison import CentreComparison, compare_centre
from opensirt.outcomes.evidence.effect import log_ratios
from opensirt.outcomes.evidence.medians import PooledMedian, pool_medians
from opensirt.outcomes.evidence.pooled_proportion import (
    PooledProportion,
    pool_proportion,
)
from opensirt.outcomes.evidence.pooling import Pooled, pool
from opensirt.outcomes.evidence.question import Question, Selected, select_outcomes

PROPORTION, MEDIAN, RATIO = "proportion", "median", "hazard ratio"


@dataclass(frozen=True, eq=False, kw_only=True)
class MetaAnalysis:
    """One endpoint pooled; which of the fields is filled depends on its kind."""

    kind: str
    base: EvidenceBase
    selected: Selected
    proportion: PooledProportion | None = None
    comparison: CentreComparison | None = None
    median: PooledMedian | None = None
    ratios: Pooled | None = None
    """Medians with an interval, or hazard ratios, by inverse variance of their logarithms."""

    @property
    def k(self) -> int:
        """Number of studies pooled."""
        return self.selected.k


def evidence_base(own: Sequence[tuple[Path, Path]] = ()) -> EvidenceBase:
    """Return the published table, with a site's own evidence joined to it."""
    from opensirt.files.evidence_file import read_evidence

    base = published_evidence()
    for studies, outcomes in own:
        base = base.joined(read_evidence(studies, outcomes))
    return base


def meta_analysis(
    question: Question,
    *,
    own: Sequence[tuple[Path, Path]] = (),
    by: Sequence[str] = (),
    regress: str = "",
    ours: tuple[int, int] | None = None,
) -> MetaAnalysis:
    """Return an endpoint pooled over the studies that a question selects.

    An endpoint that ends in ``_median`` is pooled as a median, one whose values are ratios as a
    hazard ratio, any other as a proportion.

    Parameters
    ----------
    own
        Pairs of a studies file and an outcomes file.
    by
        Moderators to form subgroups by; of proportions only.
    regress
        Numeric moderator of a meta-regression; of proportions only.
    ours
        Events and patients of the own centre, to set beside the literature.

    Raises
    ------
    InputError
        When fewer than two studies can be pooled, studies that share patients would be, or a
        comparison is asked for of anything but a proportion.
    UnknownNameError
        When endpoint, study or moderator is not known.
    """
    base = evidence_base(own)
    kind = _kind(base, question.endpoint)
    if kind != PROPORTION and (ours is not None or by or regress):
        raise InputError(
            f"{question.endpoint} is a {kind}; subgroups, regression and our centre are for "
            "proportions"
        )
    selected = select_outcomes(base, question, value=kind != PROPORTION)
    if kind == PROPORTION:
        pooled = pool_proportion(base, selected, by=by, regress=regress)
        return MetaAnalysis(
            kind=kind,
            base=base,
            selected=selected,
            proportion=pooled,
            comparison=None if ours is None else compare_centre(*ours, pooled),
        )
    if not selected.k:
        raise InputError(
            f"no row of {question.endpoint} can be pooled; the list of rows says why each is "
            "left out"
        )
    return MetaAnalysis(
        kind=kind,
        base=base,
        selected=selected,
        median=_medians(base, selected) if kind == MEDIAN else None,
        ratios=_ratios(base, selected),
    )


def _kind(base: EvidenceBase, endpoint: str) -> str:
    if endpoint.endswith("_median"):
        return MEDIAN
    units = {one.value_unit for one in base.outcomes if one.endpoint == endpoint}
    return RATIO if "ratio" in units else PROPORTION


def _medians(base: EvidenceBase, selected: Selected) -> PooledMedian:
    labels = [one.study for one in selected.outcomes]
    sizes = [base.study(one).patients for one in labels]
    known = [float(one) for one in sizes if not isinstance(one, Missing)]
    return pool_medians(
        labels, _values(selected.outcomes), known if len(known) == len(labels) else None
    )


def _values(rows: Sequence[PublishedOutcome]) -> list[float]:
    return [float(one.value) for one in rows if not isinstance(one.value, Missing)]


def _ratios(base: EvidenceBase, selected: Selected) -> Pooled | None:
    """Return the inverse-variance fit of rows with a whole interval, None below two of them."""
    whole = [
        one
        for one in selected.outcomes
        if not isinstance(one.low, Missing) and not isinstance(one.high, Missing)
    ]
    if len(whole) < 2:  # noqa: PLR2004 - nothing to pool
        return None
    sizes = [base.study(one.study).patients for one in whole]
    return pool(
        log_ratios(
            [one.study for one in whole],
            _values(whole),
            [float(one.low) for one in whole if not isinstance(one.low, Missing)],
            [float(one.high) for one in whole if not isinstance(one.high, Missing)],
            sizes=[1.0 if isinstance(one, Missing) else float(one) for one in sizes],
        )
    )


def meta_document(meta: MetaAnalysis) -> dict[str, object]:
    """Return everything of a meta-analysis as JSON knows it; k and n stand on top."""
    question = meta.selected.question
    rows = meta.selected.outcomes
    head: dict[str, object] = {
        "schema": "opensirt/meta-analysis/1",
        "endpoint": question.endpoint,
        "kind": meta.kind,
        "k": meta.k,
        "unit": question.unit.value,
        "criteria": sorted({one.criterion for one in rows}),
        "time_points": sorted({one.time_point for one in rows}),
        "time_origins": sorted({one.time_origin for one in rows}),
        "sources": {one.study: meta.base.study(one.study).citation for one in rows},
        "findings": meta.selected.findings,
        "left_out": [
            {"row": one.outcome.key, "study": one.outcome.study, "reason": one.reason}
            for one in meta.selected.left_out
        ],
        "from_memory": [_row(one.outcome) for one in meta.selected.left_out if one.from_memory],
    }
    if meta.proportion is not None:
        head |= _proportion_document(meta.proportion)
    if meta.comparison is not None:
        head["our_centre"] = {
            "count": meta.comparison.ours.count,
            "of": meta.comparison.ours.of,
            "exact_interval": meta.comparison.ours.exact,
            "inside_prediction": meta.comparison.inside_prediction,
            "p_value": meta.comparison.p_value,
            "sentence": meta.comparison.sentence,
        }
    if meta.median is not None:
        head["median"] = meta.median
        head["rows"] = [_row(one) for one in rows]
    if meta.ratios is not None:
        head["inverse_variance"] = ratio_document(meta.ratios)
    return head


def _row(one: PublishedOutcome) -> Mapping[str, object]:
    return {
        "row": one.key,
        "study": one.study,
        "events": one.events,
        "of": one.of,
        "percent": one.percent,
        "value": one.value,
        "value_unit": one.value_unit,
        "low": one.low,
        "high": one.high,
        "unit": one.unit,
        "criterion": one.criterion,
        "time_point": one.time_point,
        "time_origin": one.time_origin,
        "origin": one.origin,
        "status": one.status,
        "locator": one.locator,
        "note": one.note,
    }


def _proportion_document(found: PooledProportion) -> dict[str, object]:
    return {
        "n": found.n,
        "studies": [
            {
                "study": one.study,
                "count": one.proportion.count,
                "of": one.proportion.of,
                "exact_interval": one.proportion.exact,
                "wilson_interval": one.proportion.wilson,
                "flags": one.flags,
            }
            for one in found.studies
        ],
        "methods": found.methods,
        "leave_one_out": found.leave_one_out,
        "subgroups": [
            {
                "by": one.by,
                "groups": [
                    {
                        "name": name,
                        "studies": labels,
                        "pooled": fit if isinstance(fit, Missing) else ratio_document(fit),
                    }
                    for name, fit, labels in one.groups
                ],
                "difference": one.difference,
            }
            for one in found.subgroups
        ],
        "regression": None
        if found.regression is None
        else {
            "moderator": found.moderator,
            "coefficients": found.regression.coefficients,
            "heterogeneity": found.regression.heterogeneity,
            "moderation": found.regression.moderation,
        },
        "asymmetry": found.asymmetry,
        "trim_and_fill": found.trim_and_fill
        if isinstance(found.trim_and_fill, Missing)
        else {
            "missing": found.trim_and_fill.missing,
            "side": found.trim_and_fill.side,
            **ratio_document(found.trim_and_fill.pooled),
        },
    }


def ratio_document(fit: Pooled) -> dict[str, object]:
    """Return a fit as people read it: back on the scale of the studies."""
    spread = fit.heterogeneity
    inside = fit.prediction
    return {
        "k": fit.k,
        "method": f"{fit.method}, {fit.adjustment}",
        "estimate": fit.back(fit.pooled.estimate),
        "low": fit.back(fit.pooled.low) if np.isfinite(fit.pooled.low) else Missing.NOT_ESTIMATED,
        "high": fit.back(fit.pooled.high)
        if np.isfinite(fit.pooled.high)
        else Missing.NOT_ESTIMATED,
        "prediction": inside
        if isinstance(inside, Missing)
        else [fit.back(inside[0]), fit.back(inside[1])],
        "heterogeneity": spread,
    }
