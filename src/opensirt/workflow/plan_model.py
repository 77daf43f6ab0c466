"""Names of the planning models, and the rows of a plan that go by them."""

from collections.abc import Sequence

from opensirt.domain.case import Prescription
from opensirt.domain.record import PlanRow

BODY_SURFACE_AREA = "body_surface_area"
BODY_SURFACE_AREA_BY_SHARE = "body_surface_area_by_share"
EMPIRIC = "empiric"
MONO_COMPARTMENT = "mono_compartment"
PARTITION = "partition"
MULTI_TUMOUR_PARTITION = "multi_tumour_partition"
TUMOUR_SHUNT = "tumour_shunt"
VOXEL = "voxel"
STATED = "stated"
"""Activities that the prescription states, in place of a model's."""
MODELS = (
    BODY_SURFACE_AREA,
    BODY_SURFACE_AREA_BY_SHARE,
    EMPIRIC,
    MONO_COMPARTMENT,
    PARTITION,
    MULTI_TUMOUR_PARTITION,
    TUMOUR_SHUNT,
    VOXEL,
)
FORMULAS = (BODY_SURFACE_AREA, BODY_SURFACE_AREA_BY_SHARE, EMPIRIC)
"""Activities by a formula, not reckoned from dose."""

ALL_TERRITORIES = "all"
"""Name of the row that sums the territories, where there are several."""


def rows_of(rows: Sequence[PlanRow], device: str, model: str) -> tuple[PlanRow, ...]:
    """Return the rows of one device and model, those of single territories only."""
    found = [one for one in rows if (one.device, one.model) == (device, model)]
    if len(found) > 1:
        found = [one for one in found if one.territory != ALL_TERRITORIES]
    return tuple(found)


def chosen_model(prescription: Prescription) -> str:
    """Return the model of the prescribed rows: `STATED` where activities are stated."""
    return STATED if prescription.activities_bq else prescription.model


def chosen_row(rows: Sequence[PlanRow], prescription: Prescription | None) -> PlanRow | None:
    """Return the prescribed row: of the one territory, or of all together."""
    if prescription is None:
        return None
    key = (prescription.device, chosen_model(prescription))
    found = [one for one in rows if (one.device, one.model) == key]
    if len(found) > 1:
        found = [one for one in found if one.territory == ALL_TERRITORIES]
    return found[0] if found else None
