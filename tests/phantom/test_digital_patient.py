"""The digital patient is the same every time, and its images hold what the truth says."""

import hashlib
from math import exp2, sqrt

import numpy as np
import pytest

from opensirt.domain.image import Event, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError, UnknownNameError
from opensirt.imaging.partial_volume import recovery_corrected_means
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import (
    EXAMPLE_MISMATCH,
    DigitalPatient,
    digital_patient,
    known_nuclides,
)
from opensirt.reference.radionuclide import radionuclide

LARGE_MM = 30.0


def digest(patient: DigitalPatient) -> str:
    found = hashlib.sha256()
    images: tuple[Image3D, ...] = (
        patient.ct,
        patient.scout,
        patient.treatment,
        patient.truth.activity,
    )
    for image in images:
        found.update(image.values.tobytes())
        found.update(image.grid.affine.tobytes())
    for one in patient.structures:
        found.update(one.label.encode())
        found.update(np.packbits(one.mask.values).tobytes())
    return found.hexdigest()


def left_fraction(patient: DigitalPatient) -> float:
    """Part of the activity that is left at the acquisition."""
    given, taken = patient.administration.administered_at, patient.treatment.acquired_at
    assert not isinstance(given, Missing)
    assert not isinstance(taken, Missing)
    half_life_s = radionuclide(patient.nuclide).half_life_s.value
    return exp2(-(taken - given).total_seconds() / half_life_s)


def given_bq(patient: DigitalPatient) -> float:
    given = patient.administration.administered_activity_bq
    assert not isinstance(given, Missing)
    return given


def test_the_same_seed_gives_the_same_bytes(y90: DigitalPatient) -> None:
    assert digest(digital_patient(seed=1)) == digest(y90)


def test_another_seed_gives_another_patient(y90: DigitalPatient) -> None:
    other = digital_patient(seed=2)
    assert digest(other) != digest(y90)
    mine, theirs = (one.truth.structure("tumour 1") for one in (y90, other))
    assert mine.volume_ml != theirs.volume_ml


def test_both_nuclides_treat_the_same_body_with_the_same_distribution(
    y90: DigitalPatient, ho166: DigitalPatient
) -> None:
    assert np.array_equal(y90.ct.values, ho166.ct.values)
    mine, theirs = (one.truth.activity.values / given_bq(one) for one in (y90, ho166))
    np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    assert y90.scout.radionuclide == "Tc-99m"
    assert ho166.scout.radionuclide == "Ho-166"
    assert (y90.treatment.radionuclide, ho166.treatment.radionuclide) == ("Y-90", "Ho-166")
    assert known_nuclides() == ("Y-90", "Ho-166")


def test_the_true_activity_is_the_administered_one(patient: DigitalPatient) -> None:
    truth = patient.truth.activity
    assert truth.reference_at is Event.ADMINISTRATION
    assert truth.total() == pytest.approx(given_bq(patient), rel=1e-6)


def test_administered_is_dispensed_minus_residual(patient: DigitalPatient) -> None:
    facts = patient.administration
    assert not isinstance(facts.dispensed_activity_bq, Missing)
    assert not isinstance(facts.residual_activity_bq, Missing)
    assert given_bq(patient) == pytest.approx(
        facts.dispensed_activity_bq - facts.residual_activity_bq
    )


def test_the_image_after_treatment_holds_the_decayed_activity_within_counting_noise(
    patient: DigitalPatient,
) -> None:
    assert patient.treatment.reference_at is Event.ACQUISITION
    course = parameters()["course"][patient.nuclide]
    counts = parameters()["camera"][course["camera"]]["counts"]
    wanted_bq = given_bq(patient) * left_fraction(patient)
    assert patient.treatment.total() == pytest.approx(wanted_bq, rel=4 / sqrt(counts) + 1e-3)


def test_the_scout_holds_the_counts_of_its_camera(y90: DigitalPatient) -> None:
    assert y90.scout.values.sum(dtype=np.float64) == pytest.approx(5e6, rel=2e-3)
    assert float(y90.scout.values.min()) == 0.0


def test_instants_follow_each_other_and_carry_a_zone(patient: DigitalPatient) -> None:
    scout, given, taken = (
        patient.scout.acquired_at,
        patient.administration.administered_at,
        patient.treatment.acquired_at,
    )
    assert not isinstance(scout, Missing)
    assert not isinstance(given, Missing)
    assert not isinstance(taken, Missing)
    assert scout < given < taken
    assert all(one.utcoffset() is not None for one in (scout, given, taken))


def test_the_true_lung_shunt_is_the_part_in_the_lungs(patient: DigitalPatient) -> None:
    truth = patient.truth
    held = sum(truth.structure(label).activity_bq for label in ("right lung", "left lung"))
    assert held / given_bq(patient) == pytest.approx(truth.lung_shunt_fraction, rel=1e-5)
    rest = truth.structure("liver").activity_bq
    assert (held + rest) / given_bq(patient) == pytest.approx(1.0, rel=1e-5)


def test_counting_the_scout_finds_the_lung_shunt_within_a_point_and_a_half(
    patient: DigitalPatient,
) -> None:
    counts = {
        kind: sum(
            voxel_weights(one.mask, patient.scout.grid).integral(patient.scout)
            for one in patient.structures.of_kind(kind)
        )
        for kind in (StructureKind.LUNG, StructureKind.LIVER)
    }
    found = counts[StructureKind.LUNG] / sum(counts.values())
    assert found == pytest.approx(patient.truth.lung_shunt_fraction, abs=0.015)


def test_the_scout_lies_where_the_activity_lies(patient: DigitalPatient) -> None:
    centres = []
    for image in (patient.scout, patient.treatment, patient.truth.activity):
        index = np.argwhere(image.values > 0)
        weights = image.values[tuple(index.T)].astype(np.float64)
        centres.append(weights @ image.grid.lps_mm(index) / weights.sum())
    np.testing.assert_allclose(centres[0], centres[2], atol=0.3)
    np.testing.assert_allclose(centres[1], centres[2], atol=0.5)


def test_tumour_to_normal_ratios_are_those_of_the_map(y90: DigitalPatient) -> None:
    low, high = parameters()["uptake"]["tumour_to_normal_ratio"]
    for side in ("right", "left"):
        normal = y90.truth.structure(f"perfused normal liver ({side} perfused volume)")
        territory = y90.structures.labelled(f"{side} perfused volume").mask.values
        for one in y90.structures.of_kind(StructureKind.TUMOUR):
            if not (one.mask.values & territory).any():
                continue
            true = y90.truth.structure(one.label)
            mean = float(y90.truth.activity.values[one.mask.values].mean(dtype=np.float64))
            assert true.mean_activity_bq_per_ml == pytest.approx(mean, rel=1e-6)
            assert true.tumour_to_normal_ratio == pytest.approx(
                mean / normal.mean_activity_bq_per_ml, rel=1e-6
            )
            assert isinstance(true.tumour_to_normal_ratio, float)
            assert low - 1e-3 <= true.tumour_to_normal_ratio <= high + 1e-3


def test_only_tumours_have_a_ratio(y90: DigitalPatient) -> None:
    assert y90.truth.structure("liver").tumour_to_normal_ratio is Missing.NOT_EVALUABLE


def test_uptake_is_heterogeneous_within_compartments(y90: DigitalPatient) -> None:
    for label, low, high in (
        ("tumour 1", 0.08, 0.25),
        ("perfused normal liver (left perfused volume)", 0.1, 0.3),
    ):
        mask = (
            y90.structures.labelled(label).mask.values
            if label.startswith("tumour")
            else _normal(y90, "left")
        )
        inside = y90.truth.activity.values[mask]
        assert low < float(inside.std() / inside.mean()) < high
        assert float(inside.min()) > 0


def _normal(patient: DigitalPatient, side: str) -> np.ndarray:
    mask = patient.structures.labelled(f"{side} perfused volume").mask.values.copy()
    for one in patient.structures:
        if one.kind in (StructureKind.TUMOUR, StructureKind.GALLBLADDER):
            mask &= ~one.mask.values
    return mask


def test_masses_are_volumes_times_densities(y90: DigitalPatient) -> None:
    truth = y90.truth
    liver = truth.structure("liver")
    assert liver.mass_kg == pytest.approx(liver.volume_ml * truth.liver_density_kg_per_ml)
    lungs = [truth.structure(label).mass_kg for label in ("right lung", "left lung")]
    assert sum(lungs) == pytest.approx(truth.lung_mass_kg)


def test_recovery_finds_liver_and_large_tumours_as_the_acceptance_wants(
    patient: DigitalPatient,
) -> None:
    found = recovery_corrected_means(
        patient.treatment, tuple(patient.structures), patient.treatment_fwhm_mm
    )
    left = left_fraction(patient)
    truth = patient.truth
    liver = truth.structure("liver").mean_activity_bq_per_ml
    assert found["liver"].corrected / left == pytest.approx(liver, rel=0.01)
    large = [one for one in truth.tumours if one.equivalent_diameter_mm >= LARGE_MM]
    assert len(large) >= 3
    for one in large:
        wanted = one.mean_activity_bq_per_ml
        assert found[one.label].corrected / left == pytest.approx(wanted, rel=0.05)
        assert found[one.label].uncorrected / left < 0.95 * wanted


def test_without_a_mismatch_scout_and_treatment_are_one_distribution(
    y90: DigitalPatient,
) -> None:
    assert np.array_equal(y90.truth.scout_activity.values, y90.truth.activity.values)


def test_a_mismatch_changes_the_treatment_and_not_the_scout(y90: DigitalPatient) -> None:
    other = digital_patient(seed=1, mismatch=EXAMPLE_MISMATCH)
    assert np.array_equal(other.scout.values, y90.scout.values)
    assert np.array_equal(other.truth.scout_activity.values, y90.truth.activity.values)
    assert other.truth.activity.total() == pytest.approx(given_bq(other), rel=1e-6)
    ratios = [
        other.truth.structure(one.label).mean_activity_bq_per_ml / one.mean_activity_bq_per_ml
        for one in y90.truth.tumours
    ]
    assert 0.05 < float(np.std(np.log(ratios))) < 0.5
    held = sum(other.truth.structure(label).activity_bq for label in ("right lung", "left lung"))
    assert held / given_bq(other) == pytest.approx(other.truth.lung_shunt_fraction, rel=1e-5)


def test_an_unknown_nuclide_and_a_negative_seed_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"Lu-177.*known: Y-90, Ho-166"):
        digital_patient(nuclide="Lu-177")
    with pytest.raises(InputError, match="from 0 on"):
        digital_patient(seed=-1)
    with pytest.raises(InputError, match="at least 0"):
        digital_patient(mismatch=-0.1)
    with pytest.raises(InputError, match="at least 0"):
        digital_patient(mismatch=float("nan"))


def test_a_structure_that_is_not_there_has_no_truth(y90: DigitalPatient) -> None:
    with pytest.raises(UnknownNameError, match="tumour 99"):
        y90.truth.structure("tumour 99")
