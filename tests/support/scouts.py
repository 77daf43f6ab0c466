"""A liver of boxes with a scout image whose truth can be reckoned by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from builders import centred_grid, counts
from numpy.typing import NDArray

from opensirt.domain.case import (
    Case,
    CaseImage,
    ImageRole,
    PatientFacts,
    Prescription,
    TerritoryFacts,
    Tissue,
    WorkUpFacts,
)
from opensirt.domain.grid import Grid
from opensirt.domain.missing import Missing
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet

GRID = centred_grid((40, 30, 50), (5.0, 5.0, 5.0))
"""x runs along the last axis: index 0 is the patient's right."""

Box = tuple[slice, slice, slice]

LIVER: Box = (slice(5, 25), slice(5, 25), slice(5, 40))
RIGHT: Box = (slice(5, 25), slice(5, 25), slice(5, 28))
LEFT: Box = (slice(5, 25), slice(5, 25), slice(28, 40))
TUMOUR_1: Box = (slice(8, 14), slice(8, 14), slice(8, 14))
TUMOUR_2: Box = (slice(15, 19), slice(15, 19), slice(15, 19))
TUMOUR_3: Box = (slice(10, 14), slice(10, 14), slice(32, 36))
GALLBLADDER: Box = (slice(6, 10), slice(20, 24), slice(20, 24))
LUNGS: Box = (slice(26, 40), slice(3, 27), slice(3, 47))

NORMAL, HOT_1, HOT_2, HOT_3, BILE, UNPERFUSED = 10.0, 50.0, 30.0, 40.0, 15.0, 0.0


def box(where: Box, grid: Grid = GRID) -> Mask:
    values = np.zeros(grid.shape, dtype=bool)
    values[where] = True
    return Mask(grid, values)


def scout_values(*, left: float = UNPERFUSED, gallbladder: float = BILE) -> NDArray[np.float64]:
    """Return counts with the right part perfused, and the left one with `left`."""
    values = np.zeros(GRID.shape)
    values[LEFT] = left
    values[RIGHT] = NORMAL
    values[TUMOUR_1] = HOT_1
    values[TUMOUR_2] = HOT_2
    values[GALLBLADDER] = gallbladder
    return values


def structures(*, tumours: Sequence[Box] = (TUMOUR_1, TUMOUR_2), **more: Box) -> StructureSet:
    """Return liver, gallbladder, right perfused volume, tumours and what else is named."""
    kinds = {
        "left": StructureKind.PERFUSED_VOLUME,
        "lungs": StructureKind.LUNG,
        "stomach": StructureKind.STOMACH,
    }
    made = [
        Structure("liver", StructureKind.LIVER, box(LIVER)),
        Structure("right", StructureKind.PERFUSED_VOLUME, box(RIGHT)),
        Structure("gallbladder", StructureKind.GALLBLADDER, box(GALLBLADDER)),
    ]
    made += [
        Structure(f"tumour {n}", StructureKind.TUMOUR, box(where))
        for n, where in enumerate(tumours, start=1)
    ]
    made += [Structure(name, kinds[name], box(where)) for name, where in more.items()]
    return StructureSet(tuple(made))


def without_gallbladder(given: StructureSet) -> StructureSet:
    return StructureSet(tuple(one for one in given if one.kind is not StructureKind.GALLBLADDER))


def case(
    values: NDArray[np.float64] | None = None, given: StructureSet | None = None, **facts: Any
) -> Case:
    """Return a case with a scout in counts; keyword facts replace blocks of the case."""
    image = counts(GRID, scout_values() if values is None else values)
    scout = CaseImage(id="maa", role=ImageRole.SCOUT, image=image)
    made = Case(
        key="boxes",
        images=(scout,),
        structures=structures() if given is None else given,
        patient=PatientFacts(height_cm=170.0, weight_kg=70.0),
        tissue=Tissue(liver_density_kg_per_ml=1.05e-3, lung_mass_kg=1.0),
        work_up=WorkUpFacts(lung_shunt_fraction=0.05, lung_shunt_method="planar"),
    )
    return replace(made, **facts)


def prescription(
    device: str = "resin",
    model: str = "partition",
    limits: Mapping[str, float] | None = None,
    targets: Mapping[str, Mapping[str, float]] | None = None,
) -> Prescription:
    stated = {"perfused_normal_liver": 40.0, "lung": 30.0} if limits is None else limits
    return Prescription(device=device, model=model, limits_gy=stated, targets_gy=targets or {})


def two_territories(**facts: Any) -> Case:
    """Return a case with a right and a left territory, each with a tumour of its own."""
    values = scout_values(left=8.0)
    values[TUMOUR_3] = HOT_3
    return case(
        values,
        structures(tumours=(TUMOUR_1, TUMOUR_2, TUMOUR_3), left=LEFT),
        **{
            "territories": (
                TerritoryFacts(name="R", perfused_volume="right", vessel="right hepatic artery"),
                TerritoryFacts(name="L", perfused_volume="left"),
            ),
            **facts,
        },
    )


def no_shunt() -> WorkUpFacts:
    return WorkUpFacts(lung_shunt_fraction=Missing.NOT_RECORDED)
