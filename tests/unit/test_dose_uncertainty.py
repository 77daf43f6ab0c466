"""What a verification says of the uncertainty of its doses."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from builders import activity, ball, centred_grid, counts, site, structure
from numpy.typing import NDArray

from opensirt.domain.case import AdministrationFacts, Case, CaseImage, ImageRole, Tissue
from opensirt.domain.dvh import Dvh
from opensirt.domain.finding import Finding
from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import Verification
from opensirt.domain.structure import Mask, StructureKind, StructureSet
from opensirt.domain.uncertainty import DoseUncertainty, SampledDose
from opensirt.imaging.blur import gaussian_blur
from opensirt.imaging.density import uniform_density
from opensirt.physics.decay import permanent_implant
from opensirt.physics.dose import dose_engine
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.verify import verify

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
GRID = centred_grid((44, 44, 50), (4.0, 4.0, 4.0))
LIVER = ball(GRID, (-30, 0, 0), 50)
TUMOUR = ball(GRID, (-30, 10, 0), 20)
SHARP = np.where(TUMOUR.values, 5e5, np.where(LIVER.values, 1e5, 0.0)).astype(np.float32)
VALUES = gaussian_blur(SHARP, 8.0, GRID.spacing_mm)
ALL = (
    "calibration",
    "volume",
    "registration",
    "recovery",
    "image noise",
    "nuclear data",
    "density",
    "dose model",
)


def at(mask: Mask, moved_mm: tuple[float, float, float]) -> Mask:
    affine = mask.grid.affine.copy()
    affine[:3, 3] += moved_mm
    return Mask(replace(mask.grid, affine=affine), mask.values)


def verified(
    *,
    image: Image3D | None = None,
    engine: str = "kernel",
    assumed: tuple[str, ...] = (),
    moved_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    seed: int | None = None,
    **facts: object,
) -> Verification:
    taken = CaseImage(
        id="pet",
        role=ImageRole.VERIFICATION,
        image=activity(GRID, VALUES) if image is None else image,
        **facts,  # type: ignore[arg-type]  # test facts
    )
    drawn = (
        structure("Liver", StructureKind.LIVER, at(LIVER, moved_mm)),
        structure("Tumour", StructureKind.TUMOUR, at(TUMOUR, moved_mm)),
    )
    case = Case(
        key="phantom",
        images=(taken,),
        structures=StructureSet(tuple(replace(one, assumed=assumed) for one in drawn)),
        tissue=Tissue(liver_density_kg_per_ml=1.05e-3),
        administration=AdministrationFacts(
            device="resin",
            administered_activity_bq=float(VALUES.sum(dtype=np.float64)) * GRID.voxel_volume_ml,
        ),
    )
    return verify(case, site(), made_at=NOW, software={}, engine=engine, seed=seed)


def of(made: Verification, label: str) -> DoseUncertainty:
    (found,) = (one for one in made.uncertainties if one.label == label)
    return found


def shift_of(made: SampledDose) -> NDArray[np.float64]:
    assert not isinstance(made.shift_mm, Missing)
    return np.array(made.shift_mm)


def true_dvh() -> Dvh:
    """Return the histogram of a smooth ball of the tumour's volume, on voxels of 1 mm."""
    grid = centred_grid((80, 80, 80), (1.0, 1.0, 1.0))
    affine = grid.affine.copy()
    affine[:3, 3] += (-30, 10, 0)
    grid = replace(grid, affine=affine)
    body = ball(grid, (-30, 10, 0), float(np.cbrt(3e3 * TUMOUR.volume_ml / (4 * np.pi))))
    sharp = np.where(body.values, 5e5, 1e5).astype(np.float32)
    y90 = radionuclide("Y-90")
    decays = permanent_implant(activity(grid, sharp), y90, administered_at=Missing.NOT_RECORDED)
    dose = dose_engine("kernel", y90).dose(decays, uniform_density(grid, 1.05e-3)).dose
    return Dvh(dose.values[body.values], grid.voxel_volume_ml)


def finding(made: Verification) -> list[Finding]:
    return [one for one in made.findings if one.rule == "uncertainty_not_included"]


EVERYTHING = {
    "resolution_fwhm_mm": 8.0,
    "calibration_standard_uncertainty_fraction": 0.05,
    "assumed": ("frame",),
}


@pytest.fixture(scope="module")
def full() -> Verification:
    return verified(**EVERYTHING)  # type: ignore[arg-type]  # test facts


def test_with_everything_known_nothing_is_left_out_and_no_finding_made(
    full: Verification,
) -> None:
    tumour = of(full, "Tumour")
    assert tuple(one.name for one in tumour.components) == ALL
    assert not tumour.lower_bound
    assert finding(full) == []


def test_every_structure_of_the_primary_result_has_its_row(full: Verification) -> None:
    assert [one.label for one in full.uncertainties] == [
        one.label for one in full.primary_result.structures
    ]
    for row in full.primary_result.structures:
        stated = of(full, row.label).uncorrected_expanded_gy
        assert row.mean_gy_expanded_uncertainty == stated
    for other in full.results[1:]:
        for row in other.structures:
            assert row.mean_gy_expanded_uncertainty is Missing.NOT_ESTIMATED


def test_the_estimate_is_the_recovered_dose_and_the_uncorrected_interval_reaches_it(
    full: Verification,
) -> None:
    tumour = of(full, "Tumour")
    (recovered,) = (one for one in full.recovered if one.label == "Tumour")
    assert tumour.corrected
    assert tumour.best_estimate_gy == recovered.corrected_gy
    assert isinstance(tumour.expanded_gy, float)
    assert isinstance(tumour.combined_fraction, float)
    assert tumour.expanded_gy == pytest.approx(
        2 * tumour.combined_fraction * recovered.corrected_gy
    )
    assert isinstance(tumour.sampled, SampledDose)
    assert isinstance(tumour.uncorrected_expanded_gy, float)
    reach = recovered.uncorrected_gy + tumour.uncorrected_expanded_gy
    assert reach == pytest.approx(tumour.sampled.mean.high_gy)


def test_the_interval_holds_the_truth_and_what_the_image_shows_of_place(
    full: Verification,
) -> None:
    tumour = of(full, "Tumour").sampled
    assert isinstance(tumour, SampledDose)
    assert tumour.corrected
    dvh = true_dvh()
    for found, wanted, within in (
        (tumour.mean, dvh.mean_gy, 0.02),
        (tumour.dose(0.70), dvh.dose_gy(0.70), 0.02),
        (tumour.dose(0.95), dvh.dose_gy(0.95), 0.06),
    ):
        assert found.low_gy < wanted < found.high_gy
        assert found.estimate_gy == pytest.approx(wanted, rel=within)
    assert np.abs(shift_of(tumour)).max() < 0.3


def test_a_contour_beside_its_tumour_is_found_and_the_dose_with_it(full: Verification) -> None:
    moved = verified(**EVERYTHING, moved_mm=(3.0, -2.0, 4.0))  # type: ignore[arg-type]
    made, right = (of(one, "Tumour").sampled for one in (moved, full))
    assert isinstance(made, SampledDose)
    assert isinstance(right, SampledDose)
    np.testing.assert_allclose(shift_of(made), np.array((-3.0, 2.0, -4.0)), atol=0.3)
    assert made.mean.estimate_gy == pytest.approx(right.mean.estimate_gy, rel=0.02)
    before, after = (one.primary_result.structure("Tumour").mean_gy for one in (full, moved))
    assert after < 0.97 * before
    liver = of(moved, "Liver").sampled
    assert isinstance(liver, SampledDose)
    np.testing.assert_allclose(shift_of(liver), shift_of(made), atol=1.0)


def test_the_same_seed_gives_the_same_interval_and_another_nearly_so(full: Verification) -> None:
    same, other = verified(**EVERYTHING), verified(**EVERYTHING, seed=7)  # type: ignore[arg-type]
    wanted, again, near = (of(one, "Tumour").sampled for one in (full, same, other))
    assert isinstance(wanted, SampledDose)
    assert isinstance(again, SampledDose)
    assert isinstance(near, SampledDose)
    assert again.mean == wanted.mean
    assert near.mean != wanted.mean
    width = wanted.mean.high_gy - wanted.mean.low_gy
    assert near.mean.low_gy == pytest.approx(wanted.mean.low_gy, abs=0.15 * width)
    assert near.mean.high_gy == pytest.approx(wanted.mean.high_gy, abs=0.15 * width)


def test_a_histogram_falls_and_its_band_with_it(full: Verification) -> None:
    for label in ("Tumour", "Liver"):
        made = of(full, label).sampled
        assert isinstance(made, SampledDose)
        parts = list(made.at_volume)
        assert parts == sorted(parts)
        for end in ("low_gy", "estimate_gy", "high_gy"):
            assert (np.diff([getattr(one, end) for one in made.at_volume.values()]) <= 0).all()


def test_another_engine_has_an_interval_around_its_own_dose() -> None:
    made = verified(**EVERYTHING, engine="local")  # type: ignore[arg-type]
    tumour = of(made, "Tumour").sampled
    (recovered,) = (one for one in made.recovered if one.label == "Tumour")
    assert isinstance(tumour, SampledDose)
    assert tumour.mean.estimate_gy == pytest.approx(recovered.corrected_gy, rel=0.05)


def test_without_a_resolution_contours_move_over_the_dose_as_it_is() -> None:
    still, moved = verified(), verified(assumed=("frame",))
    spread = []
    for made in (still, moved):
        tumour = of(made, "Tumour").sampled
        assert isinstance(tumour, SampledDose)
        assert not tumour.corrected
        assert tumour.shift_mm is Missing.NOT_ESTIMATED
        spread.append(tumour.mean.high_gy - tumour.mean.low_gy)
    assert spread[1] > spread[0]
    component = of(moved, "Tumour").component("registration").relative_standard_uncertainty
    assert isinstance(component, float)
    assert component > 0.01


def test_the_stated_calibration_is_taken_and_counts(full: Verification) -> None:
    tumour = of(full, "Tumour")
    assert tumour.component("calibration").relative_standard_uncertainty == 0.05
    assert isinstance(tumour.combined_fraction, float)
    assert tumour.combined_fraction > 0.05


def test_volume_and_recovery_are_correlated_in_a_tumour(full: Verification) -> None:
    (link,) = of(full, "Tumour").correlations
    assert {link.first, link.second} == {"volume", "recovery"}
    # A contour too large dilutes the mean and is thought to recover more: both lower the dose.
    assert link.coefficient > 0
    assert of(full, "Liver").correlations == ()


def test_a_bare_case_gives_a_lower_bound_that_says_what_it_lacks() -> None:
    made = verified()
    tumour = of(made, "Tumour")
    assert tumour.not_included == ("calibration", "registration", "recovery", "image noise")
    assert tumour.lower_bound
    assert not tumour.corrected
    assert tumour.best_estimate_gy == tumour.mean_gy
    assert isinstance(tumour.sampled, SampledDose)
    assert tumour.uncorrected_expanded_gy == max(
        tumour.sampled.mean.high_gy - tumour.mean_gy, tumour.mean_gy - tumour.sampled.mean.low_gy
    )
    assert tumour.uncorrected_expanded_gy == pytest.approx(tumour.expanded_gy, rel=0.2)
    (one,) = finding(made)
    for name in tumour.not_included:
        assert name in one.text
    assert "lower bound" in one.text


def test_an_engine_that_was_not_measured_has_no_model_uncertainty() -> None:
    assert "dose model" in of(verified(engine="local"), "Tumour").not_included


def test_registration_counts_only_for_contours_taken_as_aligned() -> None:
    made = verified(assumed=("frame",))
    part = of(made, "Tumour").component("registration").relative_standard_uncertainty
    row = made.primary_result.structure("Tumour")
    assert not isinstance(row.mean_gy_under_shift, Missing)
    assert isinstance(part, float)
    low, _ = row.mean_gy_under_shift
    assert 0 < part < (row.mean_gy - low) / row.mean_gy
    assert "registration" in of(verified(), "Tumour").not_included


def test_an_edge_drawn_on_the_blurred_image_itself_is_less_sure() -> None:
    sharp, blurred = verified(), verified(resolution_fwhm_mm=8.0)
    values = [
        of(one, "Tumour").component("volume").relative_standard_uncertainty
        for one in (sharp, blurred)
    ]
    assert isinstance(values[0], float)
    assert isinstance(values[1], float)
    assert 0 < values[0] < values[1]


def test_a_noisier_image_has_more_uncertain_means() -> None:
    rng = np.random.default_rng(4)
    noise = np.where(LIVER.values, rng.normal(0, 3e4, GRID.shape), 0.0).astype(np.float32)
    noisy = activity(GRID, np.maximum(VALUES + noise, 0.0))
    parts = [
        of(verified(image=one, resolution_fwhm_mm=8.0), "Tumour")
        .component("image noise")
        .relative_standard_uncertainty
        for one in (activity(GRID, VALUES), noisy)
    ]
    assert isinstance(parts[0], float)
    assert isinstance(parts[1], float)
    assert parts[1] > parts[0] >= 0


def test_counts_compare_concentrations_in_their_own_scale(full: Verification) -> None:
    in_counts = replace(counts(GRID, VALUES / 1e3), radionuclide="Y-90")
    made = verified(image=in_counts, **EVERYTHING)  # type: ignore[arg-type]  # test facts
    same, wanted = (
        of(one, "Tumour").component("image noise").relative_standard_uncertainty
        for one in (made, full)
    )
    assert same == pytest.approx(wanted, rel=1e-4)


def test_every_included_figure_names_its_source(full: Verification) -> None:
    for one in full.uncertainties:
        for part in one.components:
            assert part.how
            if not isinstance(part.relative_standard_uncertainty, Missing):
                assert part.source
