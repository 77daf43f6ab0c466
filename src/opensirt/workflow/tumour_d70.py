"""The dose that 70 % of each tumour receives, for each GBq that reaches a territory."""

import numpy as np

from opensirt.domain.dvh import Dvh
from opensirt.domain.structure import StructureKind
from opensirt.physics.optimise.program import Matrix
from opensirt.workflow.liver_model import LiverModel
from opensirt.workflow.territory_region import total
from opensirt.workflow.work_up import ScoutAnatomy

_PART = 0.70


def d70_over_mean(anatomy: ScoutAnatomy, model: LiverModel) -> dict[tuple[str, str], float]:
    """Return (territory, tumour) → D70 over the mean of that part of the tumour.

    By local deposition, as the counts of the scout lie; a voxel that is filled in part counts with
    that part. Resolution and noise of the scout are in it.
    """
    image = anatomy.taken.image
    voxel_ml = image.grid.voxel_volume_ml
    found: dict[tuple[str, str], float] = {}
    tumours = {one.label: one for one in anatomy.structures.of_kind(StructureKind.TUMOUR)}
    for region, territory in zip(anatomy.regions, model.territories, strict=True):
        for label in territory.tumour_masses_kg:
            shared = region.shared_with(tumours[label].mask, image.grid)
            values = np.concatenate([one.values_of(image) for one in shared])
            parts = np.concatenate([one.fraction for one in shared])
            mean = total(shared, image) / float(parts.sum())
            d70 = Dvh(np.maximum(values, 0.0), voxel_ml, parts).dose_gy(_PART)
            found[territory.name, label] = d70 / mean
    return found


def d70_rows(
    means: dict[tuple[str, str], Matrix], over_mean: dict[tuple[str, str], float]
) -> tuple[tuple[str, ...], Matrix]:
    """Return the labels and the D70 rows of the first scenario, one for each part of a tumour.

    For a tumour in several territories the D70 of each part is a row. When each part's is at least
    D, 70 % of the whole receive at least D: the least of the rows is never above the tumour's own.
    """
    labels = tuple(
        label if [one for _, one in means].count(label) == 1 else f"{label} ({name})"
        for name, label in means
    )
    rows = np.array([per_gbq[0] * over_mean[key] for key, per_gbq in means.items()])
    return labels, rows
