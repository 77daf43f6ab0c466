"""What the pooled estimate owes to one study, and whether groups of studies differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.outcomes.evidence.effect import Effects
from opensirt.outcomes.evidence.pooling import HKSJ, Moderation, Pooled, pool


@dataclass(frozen=True, eq=False, kw_only=True)
class Subgroups:
    """One fit for each group, each with its own τ², and a test of their difference.

    `difference` is of a meta-regression on the groups with one τ²; Missing where there are no
    more studies than groups.
    """

    by: str
    groups: tuple[tuple[str, Pooled | Missing, tuple[str, ...]], ...]
    """Name, fit (Missing for a single study), labels of its studies."""
    difference: Moderation | Missing


def leave_one_out(
    effects: Effects, *, method: str = "REML", adjustment: str = HKSJ
) -> tuple[tuple[str, Pooled], ...]:
    """Return the fit without each study in turn, under the label of the study left out.

    Raises
    ------
    InputError
        When only one study is there.
    """
    if effects.k < 2:  # noqa: PLR2004 - nothing would be left
        raise InputError("one study cannot be left out of one; there is nothing to pool")
    return tuple(
        (label, pool(effects.without(number), method=method, adjustment=adjustment))
        for number, label in enumerate(effects.labels)
    )


def subgroups(
    effects: Effects,
    group: Sequence[str],
    *,
    by: str,
    method: str = "REML",
    adjustment: str = HKSJ,
    least: int = 2,
) -> Subgroups:
    """Return a fit for each group of studies.

    Parameters
    ----------
    group
        Name of the group of each study, k of them.
    least
        A group of fewer studies is shown, not pooled.

    Raises
    ------
    InputError
        When the names do not fit the studies.
    """
    if len(group) != effects.k:
        raise InputError(f"{len(group)} group names for {effects.k} studies; wanted one for each")
    names = sorted(set(group))
    found = []
    for name in names:
        kept = np.array([one == name for one in group])
        part = effects.only(kept)
        fit = pool(part, method=method, adjustment=adjustment) if part.k >= least else None
        found.append((name, Missing.NOT_ESTIMATED if fit is None else fit, part.labels))
    difference: Moderation | Missing = Missing.NOT_ESTIMATED
    if 1 < len(names) < effects.k:
        flags = {
            f"{by} {name}": [float(one == name) for one in group]
            for name in names[1:]  # the first group is the reference
        }
        difference = pool(
            effects, method=method, adjustment=adjustment, moderators=flags
        ).moderation
    return Subgroups(by=by, groups=tuple(found), difference=difference)
