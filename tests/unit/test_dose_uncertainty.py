"""What a verification says of the uncertainty of its doses."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from builders import activity, ball, centred_grid, counts, site, structure

from opensirt.domain.case import AdministrationFacts, Case, CaseImage, ImageRole, Tissue
from opensirt.domain.finding import Finding
from opensirt.domain.image import Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import Verification
from opensirt.domain.structure import StructureKind, StructureSet
from opensirt.domain.uncertainty import DoseUncertainty
from opensirt.imaging.blur import gaussian_blur
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


def verified(
    *,
    image: Image3D | None = None,
    engine: str = "kernel",
    assumed: tuple[str, ...] = (),
    **facts: object,
) -> Verification:
    taken = CaseImage(
        id="pet",
        role=ImageRole.VERIFICATION,
        image=activity(GRID, VALUES) if image is None else image,
        **facts,  # type: ignore[arg-type]  # test facts
    )
    drawn = (
        structure("Liver", StructureKind.LIVER, LIVER),
        structure("Tumour", StructureKind.TUMOUR, TUMOUR),
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
    return verify(case, site(), made_at=NOW, software={}, engine=engine)


def of(made: Verification, label: str) -> DoseUncertainty:
    (found,) = (one for one in made.uncertainties if one.label == label)
    return found


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
    assert tumour.uncorrected_expanded_gy == pytest.approx(
        tumour.expanded_gy + recovered.corrected_gy - recovered.uncorrected_gy
    )


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
    assert tumour.expanded_gy == tumour.uncorrected_expanded_gy
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
    low, high = row.mean_gy_under_shift
    reach = max(row.mean_gy - low, high - row.mean_gy) / row.mean_gy
    assert part == pytest.approx(reach / 3**0.5)
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
