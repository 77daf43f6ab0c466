"""The pooled proportion of an endpoint, by three methods, with all that belongs beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from opensirt.domain.evidence import EvidenceBase
from opensirt.domain.missing import Missing
from opensirt.errors import InputError, UnknownNameError
from opensirt.outcomes.evidence.binomial_model import BinomialPooled, pool_binomial
from opensirt.outcomes.evidence.effect import (
    Effects,
    double_arcsine_proportions,
    logit_proportions,
)
from opensirt.outcomes.evidence.pooling import Pooled, pool
from opensirt.outcomes.evidence.question import Selected
from opensirt.outcomes.evidence.sensitivity import Subgroups, subgroups
from opensirt.outcomes.evidence.small_study import (
    INVERSE_SIZE,
    STANDARD_ERROR,
    Asymmetry,
    TrimAndFill,
    asymmetry,
    trim_and_fill,
)
from opensirt.outcomes.proportion import Proportion, proportion
from opensirt.reference.table import read_table

BINOMIAL = "GLMM (logistic-normal)"
LOGIT = "logit"
DOUBLE_ARCSINE = "double arcsine"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyProportion:
    """One study of a pooled proportion."""

    study: str
    label: str
    citation: str
    proportion: Proportion
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult:
    """One way of pooling, as proportions; heterogeneity on the method's own scale."""

    method: str
    estimate: float
    low: float
    high: float
    prediction: tuple[float, float] | Missing
    tau2: float
    tau2_interval: tuple[float, float] | Missing
    i2: float | Missing
    i2_interval: tuple[float, float] | Missing
    q: float
    q_p_value: float | Missing


@dataclass(frozen=True, eq=False, kw_only=True)
class PooledProportion:
    """k studies pooled. `methods` starts with the one to read first."""

    selected: Selected
    studies: tuple[StudyProportion, ...]
    methods: tuple[MethodResult, ...]
    leave_one_out: Mapping[str, tuple[float, float, float]]
    """Study left out → proportion, low and high of the model that is read first."""
    subgroups: tuple[Subgroups, ...]
    regression: Pooled | None
    """Of the logits on one numeric moderator, where one was asked for."""
    moderator: tuple[str, tuple[float, ...]] | None
    asymmetry: tuple[Asymmetry, ...] | Missing
    trim_and_fill: TrimAndFill | Missing
    binomial: BinomialPooled | Missing
    """Missing when no study has an event, or all have only events: no finite log odds."""
    effects: Effects
    level: float

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.studies)

    @property
    def n(self) -> int:
        """Units in all studies."""
        return sum(one.proportion.of for one in self.studies)

    @property
    def first(self) -> MethodResult:
        """The method to read first."""
        return self.methods[0]


def pool_proportion(
    base: EvidenceBase,
    selected: Selected,
    *,
    level: float = 0.95,
    by: Sequence[str] = (),
    regress: str = "",
) -> PooledProportion:
    """Return the pooled proportion of selected rows.

    Parameters
    ----------
    by
        What to form subgroups by: ``device``, ``prior_prrt``, ``grade``, ``criterion``, …
    regress
        Numeric moderator of a meta-regression: ``year``, ``patients`` or one of the studies' own.

    Raises
    ------
    InputError
        When fewer than two studies are left.
    """
    events, sizes = _counts_of(selected)
    labels = [one.study for one in selected.outcomes]
    if len(labels) < 2:  # noqa: PLR2004 - one study has no variance between studies
        raise InputError(
            f"{len(labels)} of {len(selected.left_out) + len(labels)} rows of "
            f"{selected.question.endpoint} can be pooled; at least 2 are wanted. "
            "The list of rows says why each is left out"
        )
    numbers = numeric_moderator(base, selected, regress) if regress else ()
    words = {one: moderator_of(base, selected, one) for one in by}
    one_sided = sum(events) in {0.0, sum(sizes)}
    binomial = (
        Missing.NOT_ESTIMATED if one_sided else pool_binomial(labels, events, sizes, level=level)
    )
    logits = logit_proportions(labels, events, sizes)
    angles = double_arcsine_proportions(labels, events, sizes)
    rules = read_table("evidence/rules")
    least = int(rules["subgroup"]["least_studies"])
    enough = len(labels) >= int(rules["small_study_effects"]["least_studies"])
    return PooledProportion(
        selected=selected,
        studies=tuple(
            StudyProportion(
                study=one.study,
                label=base.study(one.study).label,
                citation=base.study(one.study).citation,
                proportion=proportion(int(x), int(n), level=level),
                flags=one.flags,
            )
            for one, x, n in zip(selected.outcomes, events, sizes, strict=True)
        ),
        methods=(
            *(() if isinstance(binomial, Missing) else (_of_binomial(binomial),)),
            *(() if one_sided else (_of_pooled(pool(logits, level=level), LOGIT),)),
            _of_pooled(pool(angles, level=level), DOUBLE_ARCSINE),
        ),
        leave_one_out=_leave_one_out(labels, events, sizes, level=level),
        subgroups=tuple(
            subgroups(logits, group, by=one, least=least) for one, group in words.items()
        ),
        regression=pool(logits, moderators={regress: numbers}, level=level) if regress else None,
        moderator=(regress, numbers) if regress else None,
        asymmetry=(
            asymmetry(logits, predictor=STANDARD_ERROR),
            asymmetry(logits, predictor=INVERSE_SIZE),
        )
        if enough
        else Missing.NOT_ESTIMATED,
        trim_and_fill=trim_and_fill(logits) if enough else Missing.NOT_ESTIMATED,
        binomial=binomial,
        effects=logits,
        level=level,
    )


def moderator_of(base: EvidenceBase, selected: Selected, name: str) -> tuple[str, ...]:
    """Return the word of each selected study for a moderator.

    Raises
    ------
    UnknownNameError
        When there is no such moderator.
    """
    of_study = ("device", "prior_prrt", "grade", "concurrent", "design")
    of_row = ("criterion", "time_point")
    if name in of_study:
        return tuple(str(getattr(base.study(one.study), name)) for one in selected.outcomes)
    if name in of_row:
        return tuple(str(getattr(one, name)) for one in selected.outcomes)
    raise UnknownNameError("moderator", name, (*of_study, *of_row))


def numeric_moderator(base: EvidenceBase, selected: Selected, name: str) -> tuple[float, ...]:
    """Return the number of each selected study for a moderator.

    Raises
    ------
    InputError
        When a study has none: it is not filled in.
    """
    found = []
    for row in selected.outcomes:
        study = base.study(row.study)
        number: float | Missing | None = (
            float(study.year)
            if name == "year"
            else study.patients
            if name == "patients"
            else study.moderators.get(name)
        )
        if number is None or isinstance(number, Missing):
            raise InputError(
                f"study {row.study} has no {name}; leave it out by name, or take another moderator"
            )
        found.append(float(number))
    return tuple(found)


def _counts_of(selected: Selected) -> tuple[list[float], list[float]]:
    counts = [one.counts for one in selected.outcomes]
    known = [one for one in counts if not isinstance(one, Missing)]
    return [float(one[0]) for one in known], [float(one[1]) for one in known]


def _leave_one_out(
    labels: Sequence[str], events: Sequence[float], sizes: Sequence[float], *, level: float
) -> Mapping[str, tuple[float, float, float]]:
    if len(labels) < 3:  # noqa: PLR2004 - two must be left to pool
        return {}
    found = {}
    for number, label in enumerate(labels):
        kept = [one for one in range(len(labels)) if one != number]
        x, n = np.array(events)[kept], np.array(sizes)[kept]
        if x.sum() in {0.0, n.sum()}:
            continue
        fit = pool_binomial([labels[one] for one in kept], x, n, level=level, profile=False)
        found[label] = (float(expit(fit.estimate)), float(expit(fit.low)), float(expit(fit.high)))
    return found


def _of_binomial(fit: BinomialPooled) -> MethodResult:
    inside = fit.prediction
    return MethodResult(
        method=BINOMIAL,
        estimate=float(expit(fit.estimate)),
        low=float(expit(fit.low)),
        high=float(expit(fit.high)),
        prediction=inside
        if isinstance(inside, Missing)
        else (float(expit(inside[0])), float(expit(inside[1]))),
        tau2=fit.tau2,
        tau2_interval=fit.tau2_interval,
        i2=Missing.NOT_ESTIMATED,
        i2_interval=Missing.NOT_ESTIMATED,
        q=fit.likelihood_ratio,
        q_p_value=fit.likelihood_ratio_p_value,
    )


def _of_pooled(fit: Pooled, name: str) -> MethodResult:
    inside = fit.prediction
    spread = fit.heterogeneity
    return MethodResult(
        method=f"{name}, {fit.method}, {fit.adjustment}",
        estimate=fit.back(fit.pooled.estimate),
        low=fit.back(fit.pooled.low),
        high=fit.back(fit.pooled.high),
        prediction=inside
        if isinstance(inside, Missing)
        else (fit.back(inside[0]), fit.back(inside[1])),
        tau2=spread.tau2,
        tau2_interval=spread.tau2_interval,
        i2=spread.i2,
        i2_interval=spread.i2_interval,
        q=spread.q,
        q_p_value=spread.q_p_value,
    )
