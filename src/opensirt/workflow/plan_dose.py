"""The dose map of a plan: the activity laid out as the scout's counts lie."""

from collections.abc import Mapping, Sequence

import numpy as np

from opensirt.domain.device import device
from opensirt.domain.dvh import Dvh
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import ActivityMap, Event, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import DoseResult, PlanRow, StructureDose, Workup
from opensirt.domain.site import SiteProfile
from opensirt.domain.structure import Structure
from opensirt.errors import InputError, MissingInputError
from opensirt.imaging.density import uniform_density
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.units import BQ_PER_GBQ
from opensirt.workflow.structure_dose import LIVER_KINDS, figures_of, structure_doses, weighted
from opensirt.workflow.territory_region import Region, total
from opensirt.workflow.work_up import ScoutAnatomy

PLANNED = "planned"
LOCAL = "local"
_NOTHING = 1e-9


def planned_dose(
    anatomy: ScoutAnatomy,
    workup: Workup,
    site: SiteProfile,
    rows: Sequence[PlanRow],
    *,
    engine: str | None = None,
) -> tuple[DoseResult, tuple[Finding, ...]]:
    """Return the dose map of one device and model with the figures of each structure.

    The activity that reaches each territory is laid out over the counts of its region (perfused
    volume and named deposits), and the engine turns it into dose at the density of the liver. Local
    deposition reckons with the site's dose constant, and its figures of a structure are those of
    the tissue that takes up activity: a voxel that the perfused volume fills in part holds its
    activity in that part. Other engines are read voxel by voxel from their map. Lungs and what lies
    outside the regions get no figures here.

    Parameters
    ----------
    anatomy
        Of `scout_anatomy` of the same case as the work-up.
    rows
        The rows of the territories (see `rows_of`), in which something reaches the liver.
    engine
        Name of the dose engine; the site's planning engine where None.

    Raises
    ------
    InputError
        When a row gives no activity, or rows and territories do not belong together.
    MissingInputError
        When the site profile has no dose constant of the nuclide.
    UnknownNameError
        When there is no such engine.
    """
    reaching_bq = _reaching(rows, anatomy.regions)
    return dose_of_activities(
        anatomy, workup, site, rows[0].device, reaching_bq, engine=engine or site.planning_engine
    )


def dose_of_activities(
    anatomy: ScoutAnatomy,
    workup: Workup,
    site: SiteProfile,
    device_name: str,
    reaching_bq: Sequence[float],
    *,
    engine: str,
) -> tuple[DoseResult, tuple[Finding, ...]]:
    """Return the dose map of activities that reach the territories, in the work-up's order.

    As `planned_dose`, which takes them from rows.
    """
    name = engine
    product = device(device_name)
    product.require_known(step="planning")
    assert not isinstance(product.radionuclide, Missing)  # noqa: S101 - required just above
    nuclide = radionuclide(product.radionuclide, site.data_set)
    image = anatomy.taken.image
    per_count = [
        bq / total(region.weights(image.grid), image)
        for bq, region in zip(reaching_bq, anatomy.regions, strict=True)
    ]
    activity = _laid_out(anatomy.regions, image, per_count, nuclide)
    density = uniform_density(image.grid, workup.liver_density_kg_per_ml)
    constant = None
    data_set = nuclide.data_set
    if name == LOCAL:
        constant = _constant(nuclide, site)
        data_set = f"dose constant of the site, {constant:g} Gy kg/GBq"
    decays = permanent_implant(activity, nuclide, administered_at=Missing.NOT_RECORDED)
    made = dose_engine(name, nuclide, dose_constant_gy_kg_per_gbq=constant).dose(decays, density)
    read = [one for one in anatomy.structures if _takes_part(one, anatomy.regions)]
    if constant is None:
        kept, outside = weighted(read, image.grid)
        figures, curves = structure_doses(
            kept, made.dose, activity, density, half_life_s=nuclide.half_life_s.value
        )
    else:
        outside = ()
        figures, curves = _of_perfused_tissue(
            read, anatomy.regions, image, per_count, constant, workup, nuclide
        )
    result = DoseResult(
        engine=name,
        calibration=PLANNED,
        radionuclide=nuclide.name,
        data_set=data_set,
        dose=made.dose,
        energy=made.energy,
        structures=figures,
        dvhs=curves,
    )
    return result, (*made.findings, *outside, *_left_out(anatomy, read))


def _reaching(rows: Sequence[PlanRow], regions: Sequence[Region]) -> tuple[float, ...]:
    if [one.territory for one in rows] != [one.name for one in regions] or not rows:
        raise InputError(
            f"rows of the territories {[one.territory for one in rows]} were given for "
            f"{[one.name for one in regions]}; give one row of one device and model for each"
        )
    reaching = []
    for row in rows:
        if isinstance(row.reaching_liver_bq, Missing):
            raise InputError(
                f"{row.device}, {row.model}: no activity reaches the liver "
                f"({row.reaching_liver_bq.value}); there is no dose to compute"
            )
        reaching.append(row.reaching_liver_bq)
    return tuple(reaching)


def _constant(nuclide: Radionuclide, site: SiteProfile) -> float:
    figure = site.dose_constants_gy_kg_per_gbq.get(nuclide.name)
    if figure is None:
        raise MissingInputError(
            f"dose constant of {nuclide.name}",
            where=f"the site profile {site.name!r}",
            remedy="state it in Gy kg/GBq",
        )
    return figure.value


def _laid_out(
    regions: Sequence[Region], image: Image3D, per_count: Sequence[float], nuclide: Radionuclide
) -> ActivityMap:
    """Return the activity in Bq/mL, at administration."""
    values = np.zeros(image.grid.n_voxels)
    for region, factor in zip(regions, per_count, strict=True):
        for one in region.weights(image.grid):
            values[one.flat_index] += factor * one.fraction * one.values_of(image)
    values /= image.grid.voxel_volume_ml
    return ActivityMap(
        grid=image.grid,
        values=values.reshape(image.grid.shape).astype(np.float32),
        radionuclide=nuclide.name,
        reference_at=Event.ADMINISTRATION,
    )


def _takes_part(one: Structure, regions: Sequence[Region]) -> bool:
    if one.kind in LIVER_KINDS:
        return True
    return any(region.shared_with(one.mask, one.mask.grid) for region in regions)


def _of_perfused_tissue(
    structures: Sequence[Structure],
    regions: Sequence[Region],
    image: Image3D,
    per_count: Sequence[float],
    constant: float,
    workup: Workup,
    nuclide: Radionuclide,
) -> tuple[tuple[StructureDose, ...], Mapping[str, Dvh]]:
    """Return figures in which the part of a voxel that is perfused holds its activity."""
    voxel_ml = image.grid.voxel_volume_ml
    density = workup.liver_density_kg_per_ml
    gy_per_bq_per_ml = constant / BQ_PER_GBQ / density
    figures: list[StructureDose] = []
    curves: dict[str, Dvh] = {}
    for structure in structures:
        whole = voxel_weights(structure.mask, image.grid)
        if not whole.fraction.size:
            continue
        empty = np.zeros(image.grid.n_voxels)
        empty[whole.flat_index] = whole.fraction
        doses: list[np.ndarray] = []
        fractions: list[np.ndarray] = []
        inside_bq = 0.0
        for region, factor in zip(regions, per_count, strict=True):
            for part in region.shared_with(structure.mask, image.grid):
                bq_per_ml = part.values_of(image) * factor / voxel_ml
                doses.append(bq_per_ml * gy_per_bq_per_ml)
                fractions.append(part.fraction)
                empty[part.flat_index] -= part.fraction
                inside_bq += float(bq_per_ml @ part.fraction) * voxel_ml
        rest = empty[whole.flat_index]
        rest = rest[rest > _NOTHING]
        doses.append(np.zeros_like(rest))
        fractions.append(rest)
        dvh = Dvh(np.concatenate(doses), voxel_ml, np.concatenate(fractions))
        figures.append(
            figures_of(
                structure,
                dvh,
                mass_kg=structure.volume_ml * density,
                activity_bq=inside_bq,
                volume_outside_ml=whole.volume_outside_ml,
                half_life_s=nuclide.half_life_s.value,
            )
        )
        curves[structure.label] = dvh
    return tuple(figures), curves


def _left_out(anatomy: ScoutAnatomy, read: Sequence[Structure]) -> tuple[Finding, ...]:
    names = [one.label for one in anatomy.structures if one not in read]
    if not names:
        return ()
    text = (
        f"{', '.join(names)}: outside the normalising volume, so that the planned dose map holds "
        "nothing there; the lung dose is that of the plan table"
    )
    return (Finding(Severity.NOTE, "outside_planned_dose", text),)
