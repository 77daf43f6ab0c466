"""A model's likelihood terms of one centre, with what must be known before they may leave."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from opensirt.errors import InputError
from opensirt.outcomes.arrays import Flags, Floats
from opensirt.outcomes.cox_sums import cox_terms, risk_set_sums, weighted_information
from opensirt.outcomes.likelihood import LikelihoodTerms
from opensirt.outcomes.logistic import logistic_terms


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelSums:
    """What one centre knows of a model at a point.

    `clustered` (p, p) is the sum over clusters of the outer products of their scores, zeros
    without clusters. `largest_share` is the largest part that one row (logistic) or one event
    time (Cox) has in a diagonal element of the information; it stays in the centre.
    """

    terms: LikelihoodTerms
    clustered: Floats
    largest_share: float


def logistic_sums(
    design: Floats, outcome: Floats, point: Floats, cluster: Floats | None = None
) -> ModelSums:
    """Return the sums of a logistic regression.

    Parameters
    ----------
    design : (n, p)
        With a column of ones for the intercept.
    outcome : (n,)
        0 or 1.
    cluster : (n,)
        Number of the patient of each lesion, say.
    """
    chance = expit(design @ point)
    squares = design**2 * (chance * (1.0 - chance))[:, None]
    return ModelSums(
        terms=logistic_terms(design, outcome, point),
        clustered=_outer_by(design * (outcome - chance)[:, None], cluster),
        largest_share=_share(squares),
    )


def cox_sums(design: Floats, time: Floats, event: Flags, point: Floats) -> ModelSums:
    """Return the sums of a proportional-hazards model with this centre as a stratum of its own.

    Parameters
    ----------
    design : (n, p)
        Without intercept.

    Raises
    ------
    InputError
        When no event was seen.
    """
    if not event.any():
        raise InputError("no event was seen; a hazard cannot be modelled")
    sums = risk_set_sums(time, event, design, point)
    k = len(sums.time)
    each = [np.diag(weighted_information(sums, one)) for one in np.eye(k)]
    p = design.shape[1]
    return ModelSums(
        terms=cox_terms(sums), clustered=np.zeros((p, p)), largest_share=_share(np.array(each))
    )


def _outer_by(rows: Floats, cluster: Floats | None) -> Floats:
    p = rows.shape[1]
    if cluster is None:
        return np.zeros((p, p))
    _, number = np.unique(cluster, return_inverse=True)
    scores = np.zeros((int(number.max()) + 1, p))
    np.add.at(scores, number, rows)
    return np.asarray(scores.T @ scores)


def _share(squares: Floats) -> float:
    total = squares.sum(axis=0)
    kept = total > 0.0
    return float((squares[:, kept].max(axis=0) / total[kept]).max()) if kept.any() else 1.0
