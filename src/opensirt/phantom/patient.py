"""A digital patient with neuroendocrine liver metastases, whose truth is known.

The anatomy is drawn from simple solids, the spheres are laid into it, and the images are made
from them with resolution, counting noise and decay. The same seed gives the same patient, bit by
bit; the two nuclides share anatomy and distribution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from opensirt.domain.case import (
    AdministrationFacts,
    PatientFacts,
    Prescription,
    TerritoryFacts,
    Tissue,
)
from opensirt.domain.image import ActivityMap, CountsImage, CtImage, Event
from opensirt.domain.structure import StructureSet
from opensirt.errors import InputError, UnknownNameError
from opensirt.phantom.acquisition import Camera, acquired_counts, camera
from opensirt.phantom.activity import PerMl, make_uptake, mismatched
from opensirt.phantom.anatomy import TERRITORY_LABELS, Anatomy, make_anatomy
from opensirt.phantom.parameters import parameters
from opensirt.phantom.truth import Truth, true_structures
from opensirt.physics.decay import decayed_activity_bq
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import BQ_PER_MBQ, GRAMS_PER_KG

EXAMPLE_MISMATCH = 0.15
"""A mild difference between scout and treatment, for those who want one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DigitalPatient:
    """One course: images, structures and facts as a clinic would have them, and the truth."""

    seed: int
    nuclide: str
    mismatch: float
    ct: CtImage
    scout: CountsImage
    scout_fwhm_mm: float
    treatment: ActivityMap
    """Bq/mL at the start of the acquisition after treatment."""
    treatment_fwhm_mm: float
    structures: StructureSet
    territories: tuple[TerritoryFacts, ...]
    patient: PatientFacts
    tissue: Tissue
    prescription: Prescription
    administration: AdministrationFacts
    disease: Mapping[str, Any]
    labs: tuple[Mapping[str, Any], ...]
    prior_treatments: tuple[Mapping[str, Any], ...]
    course: Mapping[str, Any]
    """Blocks of the follow-up as a case file states them, by name: invented, of no person."""
    truth: Truth

    def __post_init__(self) -> None:
        object.__setattr__(self, "disease", MappingProxyType(dict(self.disease)))


def known_nuclides() -> tuple[str, ...]:
    """Return the nuclides that a digital patient can be treated with."""
    return tuple(parameters()["course"])


def generators(seed: int) -> list[np.random.Generator]:
    """Return the generators of one patient: liver, lesions, CT, uptake, change, two noises."""
    return [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(7)]


def digital_patient(
    *, seed: int = 1, nuclide: str = "Y-90", mismatch: float = 0.0
) -> DigitalPatient:
    """Return the digital patient of one seed, treated with one nuclide.

    Parameters
    ----------
    seed
        Decides liver size, lesions, uptake and noise.
    nuclide
        ``Y-90`` (resin; Tc-99m MAA scout, PET after treatment) or ``Ho-166`` (Ho-166 scout and
        SPECT after treatment).
    mismatch
        Spread of the difference between scout and treatment distribution: the standard deviation
        of its logarithm. 0 makes them the same, `EXAMPLE_MISMATCH` differ mildly.

    Raises
    ------
    UnknownNameError
        When there is no course with that nuclide.
    InputError
        When the seed or the mismatch is negative.
    """
    if nuclide not in known_nuclides():
        raise UnknownNameError("nuclide of a digital patient", nuclide, known_nuclides())
    if seed < 0 or not mismatch >= 0:
        raise InputError(
            f"a seed is a whole number from 0 on and a mismatch at least 0; found {seed} and "
            f"{mismatch}"
        )
    liver, lesions, ct, uptake_rng, change, scout_noise, noise = generators(seed)
    anatomy = make_anatomy(liver, lesions, ct)
    planned = make_uptake(anatomy, uptake_rng)
    delivered = mismatched(planned, mismatch, change) if mismatch > 0 else planned
    scout_per_ml, per_ml = planned.per_ml(), delivered.per_ml()
    course = parameters()["course"][nuclide]
    given_bq = course["administered_mbq"] * BQ_PER_MBQ
    uid = anatomy.grid.frame_of_reference_uid
    scout_camera, treatment_camera = (
        camera(course[key], uid) for key in ("scout_camera", "camera")
    )
    scout = CountsImage(
        grid=scout_camera.grid,
        values=acquired_counts(scout_per_ml, anatomy.grid, scout_camera, scout_noise),
        radionuclide=course["scout_nuclide"],
        acquired_at=course["scout_at"],
        duration_s=scout_camera.duration_s,
    )
    activity = _at_administration(anatomy, per_ml, given_bq, nuclide)
    density = parameters()["tissue"]["liver_density_g_per_ml"] / GRAMS_PER_KG
    return DigitalPatient(
        seed=seed,
        nuclide=nuclide,
        mismatch=mismatch,
        ct=anatomy.ct,
        scout=scout,
        scout_fwhm_mm=scout_camera.fwhm_mm,
        treatment=_treatment(anatomy, per_ml, treatment_camera, nuclide, noise),
        treatment_fwhm_mm=treatment_camera.fwhm_mm,
        structures=StructureSet(anatomy.structures),
        territories=_territories(),
        patient=PatientFacts(**parameters()["person"]),
        tissue=Tissue(liver_density_kg_per_ml=density, lung_mass_kg=anatomy.lung_mass_kg),
        prescription=Prescription(
            device=course["device"],
            model=course["model"],
            limits_gy=course["limits_gy"],
            targets_gy=course["targets_gy"],
        ),
        administration=AdministrationFacts(
            device=course["device"],
            administered_activity_bq=given_bq,
            administered_at=course["administered_at"],
            dispensed_activity_bq=course["dispensed_mbq"] * BQ_PER_MBQ,
            residual_activity_bq=course["residual_mbq"] * BQ_PER_MBQ,
        ),
        disease=parameters()["disease"],
        labs=_labs(),
        prior_treatments=tuple(parameters()["prior_treatments"]),
        course={name: parameters()[name] for name in COURSE_BLOCKS},
        truth=Truth(
            lung_shunt_fraction=delivered.lung_shunt_fraction,
            lung_mass_kg=anatomy.lung_mass_kg,
            liver_density_kg_per_ml=density,
            activity=activity,
            scout_activity=_at_administration(anatomy, scout_per_ml, given_bq, nuclide),
            structures=true_structures(anatomy, activity, density),
        ),
    )


COURSE_BLOCKS = (
    "hepatobiliary_scans",
    "symptoms",
    "adverse_events",
    "quality_of_life",
    "follow_up",
)
"""Blocks of the parameters that go into the case file as they are."""


def _labs() -> tuple[Mapping[str, Any], ...]:
    """Return the values before treatment, and later ones in the same units and limits."""
    first = parameters()["labs"]
    made: list[Mapping[str, Any]] = [{**one, "on": first["on"]} for one in first["values"]]
    printed = {one["analyte"]: one for one in first["values"]}
    made += [
        {**printed[analyte], "value": value, "on": later["on"]}
        for later in parameters()["later_labs"]
        for analyte, value in later["values"].items()
    ]
    return tuple(made)


def _at_administration(
    anatomy: Anatomy, per_ml: PerMl, given_bq: float, nuclide: str
) -> ActivityMap:
    return ActivityMap(
        grid=anatomy.grid,
        values=per_ml * np.float32(given_bq),
        radionuclide=nuclide,
        reference_at=Event.ADMINISTRATION,
    )


def _treatment(
    anatomy: Anatomy,
    per_ml: PerMl,
    device: Camera,
    nuclide: str,
    rng: np.random.Generator,
) -> ActivityMap:
    """Return the calibrated image after treatment, in Bq/mL at its acquisition."""
    course = parameters()["course"][nuclide]
    left_bq = decayed_activity_bq(
        course["administered_mbq"] * BQ_PER_MBQ,
        radionuclide(nuclide),
        from_at=course["administered_at"],
        to_at=course["acquired_at"],
    )
    counts = acquired_counts(per_ml, anatomy.grid, device, rng)
    bq_per_ml_per_count = left_bq / device.counts / device.grid.voxel_volume_ml
    return ActivityMap(
        grid=device.grid,
        values=counts * np.float32(bq_per_ml_per_count),
        radionuclide=nuclide,
        reference_at=Event.ACQUISITION,
        acquired_at=course["acquired_at"],
    )


def _territories() -> tuple[TerritoryFacts, ...]:
    return tuple(
        TerritoryFacts(
            name=one["name"],
            perfused_volume=TERRITORY_LABELS[one["name"]],
            vessel=one["vessel"],
            catheter_position=one["catheter_position"],
        )
        for one in parameters()["territory_facts"]
    )
