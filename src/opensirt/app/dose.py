"""The dose engine alone: in memory, and from image file to image file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from opensirt.app.case_image import agreed
from opensirt.app.case_structures import mask_of_segment
from opensirt.app.frame import SharedFrame
from opensirt.app.image_file import geometry_of, read_image_file, read_segment_file, sha256_of_path
from opensirt.app.monte_carlo import MonteCarloRequest
from opensirt.app.write_dose import require_dose_name, write_dose
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import (
    ActivityMap,
    CountsImage,
    DensityMap,
    EffectiveDoseMap,
    Event,
    TimeIntegratedActivityMap,
)
from opensirt.domain.missing import Missing
from opensirt.domain.nuclide_name import canonical_nuclide
from opensirt.domain.reading import ReadVolume
from opensirt.domain.structure import Mask
from opensirt.errors import InputError, UnknownNameError
from opensirt.imaging.density import activity_outside, density_from_ct, uniform_density
from opensirt.imaging.mask_algebra import union
from opensirt.imaging.quantify import grid_of, typed_image
from opensirt.imaging.resample import averaged_on
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import DoseModel, EngineResult, dose_engine
from opensirt.physics.dose.engine import DEVICES
from opensirt.physics.dose.monte_carlo import MonteCarlo, MonteCarloResult
from opensirt.physics.dose.superposition import Superposition
from opensirt.physics.radiobiology import biologically_effective_dose_gy
from opensirt.reference.radionuclide import Radionuclide, radionuclide
from opensirt.reference.table import read_table
from opensirt.units import BQ_PER_MBQ, GRAMS_PER_KG, SECONDS_PER_HOUR, ImageUnit

DOSE_UNITS = (
    ImageUnit.BQ_PER_ML,
    ImageUnit.BQ_PER_VOXEL,
    ImageUnit.BQ_S_PER_ML,
    ImageUnit.MBQ_H_PER_VOXEL,
    ImageUnit.COUNTS,
)
"""What the image of the `dose` command may hold; activities are those at implantation."""

DEFAULT_ENGINE = "kernel"


def dose(
    activity: ActivityMap | TimeIntegratedActivityMap,
    density: DensityMap | None = None,
    *,
    nuclide: Radionuclide | None = None,
    engine: str = DEFAULT_ENGINE,
    dose_constant_gy_kg_per_gbq: float | None = None,
    model: DoseModel | None = None,
) -> EngineResult:
    """Return the absorbed dose of an implant that stays where it is.

    Parameters
    ----------
    activity
        Bq/mL at the administration, or Bq s/mL.
    density
        On the same grid; water where not given.
    nuclide
        With its data set; the default data set's nuclide of the image where not given.
    engine
        A name of `ENGINES`.
    dose_constant_gy_kg_per_gbq
        In place of the data set's electron energy; for ``local`` only.
    model
        An engine that was set up already, in place of `engine` and its options.

    Raises
    ------
    UnknownNameError
        When there is no such engine or nuclide.
    InputError
        When an option does not belong to the engine, or the nuclides differ.
    GeometryError
        When the density lies on another grid.
    """
    known = nuclide or radionuclide(activity.radionuclide)
    decays = activity
    if isinstance(decays, ActivityMap):
        decays = permanent_implant(decays, known, administered_at=Missing.NOT_RECORDED)
    if model is None:
        model = dose_engine(engine, known, dose_constant_gy_kg_per_gbq=dose_constant_gy_kg_per_gbq)
    return model.dose(decays, density or uniform_density(decays.grid, _water_kg_per_ml()))


def _water_kg_per_ml() -> float:
    value: float = read_table("tissues")["water_density_g_per_ml"]["value"]
    return value / GRAMS_PER_KG


@dataclass(frozen=True, kw_only=True)
class DoseRequest:
    """What the `dose` command was asked."""

    activity: Path
    nuclide: str
    unit: ImageUnit
    out: Path
    engine: str = DEFAULT_ENGINE
    data_set: str = "icrp107"
    dose_constant_gy_kg_per_gbq: float | None = None
    ct: Path | None = None
    density: Path | None = None
    """In g/mL."""
    uniform_density_g_per_ml: float | None = None
    total_activity_mbq: float | None = None
    within: Path | None = None
    frame: str | None = None
    bed_map: tuple[Path, float, float] | None = None
    """File of the BED map, α/β in Gy and repair half-life in h."""
    monte_carlo: MonteCarloRequest = field(default_factory=MonteCarloRequest)


@dataclass(frozen=True, eq=False, kw_only=True)
class DoseOutcome:
    """A dose map that was written, and all there is to say about it."""

    out: Path
    result: EngineResult
    findings: tuple[Finding, ...]
    inputs: dict[str, str]
    total_activity_bq: float | Missing
    density: str


def dose_of_files(
    request: DoseRequest, *, progress: Callable[[str], None] = lambda _: None
) -> DoseOutcome:
    """Read an activity image, compute its dose and write it on the same grid.

    Raises
    ------
    UnknownNameError
        When there is no such nuclide, data set or engine.
    InputError
        When options contradict each other or the files; nothing is written then.
    GeometryError
        When files lie in different frames of reference.
    """
    _require_sensible(request)
    request.monte_carlo.require_for(request.engine)
    require_dose_name(request.out)
    if request.bed_map is not None:
        require_dose_name(request.bed_map[0])
    if request.monte_carlo.uncertainty is not None:
        require_dose_name(request.monte_carlo.uncertainty)
    nuclide = radionuclide(canonical_nuclide(request.nuclide) or request.nuclide, request.data_set)
    # Asked for before any file is read: a wrong option should not cost minutes.
    dose_engine(
        request.engine,
        nuclide,
        dose_constant_gy_kg_per_gbq=request.dose_constant_gy_kg_per_gbq,
    )
    progress("reading")
    frame = SharedFrame(request.frame, request.activity.name)
    inputs = {"activity": sha256_of_path(request.activity)}
    activity, findings = _activity(request, nuclide.name, frame, inputs)
    density, density_text = _density(request, activity, frame, inputs, findings)
    progress(f"dose ({request.engine})")
    model: DoseModel | None = None
    if request.engine == MonteCarlo.name:
        model = request.monte_carlo.engine(
            nuclide, activity.grid, frame, inputs, read_mask, progress
        )
    elif request.engine == Superposition.name:
        model = Superposition(
            nuclide=nuclide,
            materials=request.monte_carlo.material_map(activity.grid, frame, inputs),
            device=request.monte_carlo.device or DEVICES[0],
        )
    result = dose(
        activity,
        density,
        nuclide=nuclide,
        engine=request.engine,
        dose_constant_gy_kg_per_gbq=request.dose_constant_gy_kg_per_gbq,
        model=model,
    )
    progress("writing")
    write_dose(request.out, result.dose)
    if request.bed_map is not None:
        path, alpha_beta_gy, repair_h = request.bed_map
        bed_gy = biologically_effective_dose_gy(
            result.dose.values,
            alpha_beta_ratio_gy=alpha_beta_gy,
            repair_half_life_s=repair_h * SECONDS_PER_HOUR,
            physical_half_life_s=nuclide.half_life_s.value,
        )
        bed = EffectiveDoseMap(
            grid=result.dose.grid, values=bed_gy.astype(np.float32), quantity="BED"
        )
        write_dose(path, bed)
    if request.monte_carlo.uncertainty is not None and isinstance(result, MonteCarloResult):
        write_dose(request.monte_carlo.uncertainty, result.uncertainty)
    if request.monte_carlo.resume is not None and isinstance(result, MonteCarloResult):
        from opensirt.files.monte_carlo_state import write_monte_carlo_state

        write_monte_carlo_state(request.monte_carlo.resume, result.state)
    return DoseOutcome(
        out=request.out,
        result=result,
        findings=(*frame.findings(), *findings, *result.findings),
        inputs=inputs,
        total_activity_bq=(
            activity.total() if isinstance(activity, ActivityMap) else Missing.NOT_ESTIMATED
        ),
        density=density_text,
    )


def _require_sensible(request: DoseRequest) -> None:
    if request.unit not in DOSE_UNITS:
        raise UnknownNameError("unit", request.unit.value, (one.value for one in DOSE_UNITS))
    given = {
        "--ct": request.ct,
        "--density": request.density,
        "--uniform-density": request.uniform_density_g_per_ml,
    }
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(f"{' and '.join(named)} exclude each other; give one density")
    counts = (request.total_activity_mbq, request.within)
    if request.unit is ImageUnit.COUNTS and None in counts:
        raise InputError(
            "an image in counts needs --total-activity-mbq A and --within MASK, the volume that "
            "holds A"
        )
    if request.unit is not ImageUnit.COUNTS and counts != (None, None):
        raise InputError(
            f"--total-activity-mbq and --within belong to --unit counts, not {request.unit.value}; "
            "leave them out"
        )


def _activity(
    request: DoseRequest, nuclide: str, frame: SharedFrame, inputs: dict[str, str]
) -> tuple[ActivityMap | TimeIntegratedActivityMap, list[Finding]]:
    read = read_image_file(request.activity)
    where = request.activity.name
    findings = [Finding(Severity.NOTE, "file", f"{where}: {note}") for note in read.notes]
    agreed(where, "unit", read.unit, request.unit)
    agreed(where, "radionuclide", read.radionuclide, nuclide)
    at = read.decay_corrected_to
    at_one_instant = request.unit in (ImageUnit.BQ_PER_ML, ImageUnit.BQ_PER_VOXEL)
    if at_one_instant and at not in (Event.ADMINISTRATION.value, Missing.NOT_RECORDED):
        raise InputError(
            f"{where}: its activity refers to {at}, `dose` wants the activity at implantation; "
            "make a case of it and use `opensirt verify`, which decays it to the administration"
        )
    image = typed_image(
        read,
        unit=request.unit,
        frame=frame.of(read.frame_of_reference_uid, where),
        radionuclide=nuclide,
        reference_at=Event.ADMINISTRATION,
    )
    if isinstance(image, CountsImage):
        image = _from_counts(request, image, frame, inputs, findings)
    assert isinstance(image, ActivityMap | TimeIntegratedActivityMap)  # noqa: S101 - DOSE_UNITS
    return image, findings


def _from_counts(
    request: DoseRequest,
    counts: CountsImage,
    frame: SharedFrame,
    inputs: dict[str, str],
    findings: list[Finding],
) -> ActivityMap:
    """Return the activity that has the counts' distribution inside the mask, and none outside."""
    assert request.within is not None  # noqa: S101 - _require_sensible
    assert request.total_activity_mbq is not None  # noqa: S101 - _require_sensible
    inputs["within"] = sha256_of_path(request.within)
    mask = read_mask(request.within, frame, drawn_on=[geometry_of(counts, request.activity.name)])
    weights = voxel_weights(mask, counts.grid)
    held = weights.integral(counts)
    if not (request.total_activity_mbq > 0 and held > 0):
        raise InputError(
            f"{request.total_activity_mbq:g} MBq over a total of {held:.3g} counts × mL inside "
            f"{request.within.name}; both must be above zero: check the mask and the image"
        )
    share = counts.values.reshape(-1)[weights.flat_index] * weights.fraction
    values = counts.values.reshape(-1) * 0.0
    values[weights.flat_index] = share * (request.total_activity_mbq * BQ_PER_MBQ / held)
    outside = 1.0 - held / counts.total() if counts.total() > 0 else 0.0
    findings.append(
        Finding(
            Severity.NOTE,
            "normalising_volume",
            f"{request.total_activity_mbq:g} MBq are distributed over the counts inside "
            f"{request.within.name} ({mask.volume_ml:.1f} mL); {outside:.1%} of the image's "
            "counts lie outside and are left out",
            outside,
        )
    )
    return ActivityMap(
        grid=counts.grid,
        values=values.reshape(counts.grid.shape),
        radionuclide=counts.radionuclide,
        reference_at=Event.ADMINISTRATION,
    )


def read_mask(path: Path, frame: SharedFrame, *, drawn_on: Sequence[ReadVolume] = ()) -> Mask:
    """Return everything that any segment of a file covers.

    Raises
    ------
    InputError
        When the file cannot be read or covers nothing.
    """
    masks = [
        mask_of_segment(one, frame.of(one.frame_of_reference_uid, path.name), where=path.name)
        for one in read_segment_file(path, drawn_on=drawn_on).segments
    ]
    return union(masks)


def _density(
    request: DoseRequest,
    activity: ActivityMap | TimeIntegratedActivityMap,
    frame: SharedFrame,
    inputs: dict[str, str],
    findings: list[Finding],
) -> tuple[DensityMap, str]:
    grid = activity.grid
    if request.ct is None and request.density is None:
        given = request.uniform_density_g_per_ml
        density_kg_per_ml = _water_kg_per_ml() if given is None else given / GRAMS_PER_KG
        made = uniform_density(grid, density_kg_per_ml)
        return made, f"{density_kg_per_ml * GRAMS_PER_KG:g} g/mL everywhere"
    path = request.ct or request.density
    assert path is not None  # noqa: S101 - one of them is given
    read = read_image_file(path)
    findings += [Finding(Severity.NOTE, "file", f"{path.name}: {note}") for note in read.notes]
    named = frame.of(read.frame_of_reference_uid, path.name)
    if request.ct is not None:
        inputs["ct"] = sha256_of_path(path)
        agreed(path.name, "unit", read.unit, ImageUnit.HU)
        ct = typed_image(read, unit=ImageUnit.HU, frame=named)
        native = density_from_ct(ct)  # type: ignore[arg-type]  # HU gives a CtImage
        text = f"from the CT numbers of {path.name}"
    else:
        inputs["density"] = sha256_of_path(path)
        native = DensityMap(
            grid=grid_of(read, frame=named),
            values=(read.values.astype(np.float64) / GRAMS_PER_KG).astype(np.float32),
        )
        _require_density(native, path)
        text = f"of {path.name}"
    findings += _covered(activity, native, path)
    return averaged_on(native, grid), text


def _require_density(density: DensityMap, path: Path) -> None:
    bounds = read_table("plausible_ranges")["tissue"]["any_density_g_per_ml"]
    highest = float(density.values.max()) * GRAMS_PER_KG
    if not bounds["at_least"] <= highest <= bounds["at_most"]:
        raise InputError(
            f"{path.name}: its highest density is {highest:.4g} g/mL; wanted a map in g/mL "
            f"(g/cm³) with a highest value between {bounds['at_least']} and {bounds['at_most']}: "
            "check its unit"
        )


def _covered(
    activity: ActivityMap | TimeIntegratedActivityMap, density: DensityMap, path: Path
) -> tuple[Finding, ...]:
    """Check that the CT or density map covers the activity (table Bad input)."""
    outside = activity_outside(activity, density.grid)
    rule = read_table("geometry_rules")["ct_coverage"]
    allowed: float = rule["fraction_outside_at_most"]
    if outside > allowed:
        raise InputError(
            f"{outside:.2%} of the activity lies outside {path.name}; at most {allowed:.1%} is "
            "accepted: give one that covers it, or a uniform density"
        )
    if outside <= 0:
        return ()
    text = (
        f"{outside:.3%} of the activity lies outside {path.name}; there the density goes on as at "
        "its edge"
    )
    return (
        Finding(Severity.NOTE, "density_coverage", text, outside, allowed, str(rule["source"])),
    )
