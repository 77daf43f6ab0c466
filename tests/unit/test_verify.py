"""Verification on a phantom whose doses can be reckoned by hand."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from builders import activity, ball, centred_grid, counts, site, structure

from opensirt.domain.case import (
    AdministrationFacts,
    Case,
    CaseImage,
    ImageRole,
    Tissue,
)
from opensirt.domain.finding import Confirmation, Severity
from opensirt.domain.image import ActivityMap, Event, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import Verification
from opensirt.domain.structure import Mask, StructureKind, StructureSet
from opensirt.errors import (
    ConfirmationError,
    GeometryError,
    InputError,
    MissingInputError,
    UnknownNameError,
)
from opensirt.imaging.plausibility import mirrored
from opensirt.reference.radionuclide import radionuclide
from opensirt.workflow.verify import AS_IMAGED, SELF_CALIBRATED, verify

GRID = centred_grid((44, 44, 50), (4.0, 4.0, 4.0))
LIVER = ball(GRID, (-30, 0, 0), 50)
TUMOUR = ball(GRID, (-30, 10, 0), 20)
NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
Y90 = radionuclide("Y-90")

VALUES = np.where(TUMOUR.values, 5e5, np.where(LIVER.values, 1e5, 0.0))
TOTAL_BQ = float(VALUES.sum()) * GRID.voxel_volume_ml


def course(
    image: Image3D,
    *,
    given_bq: float | Missing = TOTAL_BQ,
    liver: Mask = LIVER,
    administered_at: datetime | Missing = Missing.NOT_RECORDED,
    **changes: object,
) -> Case:
    given: dict[str, object] = {
        "key": "phantom",
        "images": (CaseImage(id="pet", role=ImageRole.VERIFICATION, image=image),),
        "structures": StructureSet(
            (
                structure("Liver", StructureKind.LIVER, liver),
                structure("Tumour", StructureKind.TUMOUR, TUMOUR),
            )
        ),
        "tissue": Tissue(liver_density_kg_per_ml=1.05e-3),
        "administration": AdministrationFacts(
            device="resin", administered_activity_bq=given_bq, administered_at=administered_at
        ),
    }
    return Case(**{**given, **changes})  # type: ignore[arg-type]  # test facts


def verified(case: Case, *, engine: str | None = None) -> Verification:
    return verify(case, site(), made_at=NOW, software={}, engine=engine)


def rules(made: Verification) -> dict[str, Severity]:
    return {finding.rule: finding.severity for finding in made.findings}


def test_local_deposition_is_concentration_times_mean_life_times_energy_over_density() -> None:
    made = verified(course(activity(GRID, VALUES)), engine="local")
    tumour = made.primary_result.structure("Tumour")
    wanted_gy = 5e5 * Y90.mean_life_s * Y90.electron_energy_j / 1.05e-3
    assert tumour.mean_gy == pytest.approx(wanted_gy, rel=1e-5)
    assert tumour.volume_ml == pytest.approx(TUMOUR.volume_ml)
    assert tumour.mass_kg == pytest.approx(TUMOUR.volume_ml * 1.05e-3)
    assert tumour.activity_bq == pytest.approx(5e5 * TUMOUR.volume_ml)
    assert (tumour.d95_gy, tumour.min_gy, tumour.max_gy) == pytest.approx((wanted_gy,) * 3)


def test_bed_and_eqd2_are_those_of_the_mean_dose_with_their_parameters() -> None:
    made = verified(course(activity(GRID, VALUES)), engine="local")
    tumour = made.primary_result.structure("Tumour")
    assert isinstance(tumour.repair_half_life_h, float)
    assert isinstance(tumour.alpha_beta_ratio_gy, float)
    repair = tumour.repair_half_life_h / (tumour.repair_half_life_h + Y90.half_life_s.value / 3600)
    wanted = tumour.mean_gy * (1 + repair * tumour.mean_gy / tumour.alpha_beta_ratio_gy)
    assert tumour.bed_gy == pytest.approx(wanted)
    assert tumour.eqd2_gy == pytest.approx(wanted / (1 + 2 / tumour.alpha_beta_ratio_gy))


def test_every_engine_is_given_as_imaged_and_scaled_to_the_activity_given() -> None:
    made = verified(course(activity(GRID, VALUES), given_bq=1.25 * TOTAL_BQ))
    assert [(one.engine, one.calibration) for one in made.results] == [
        ("kernel", AS_IMAGED),
        ("kernel", SELF_CALIBRATED),
        ("local", AS_IMAGED),
        ("local", SELF_CALIBRATED),
    ]
    for imaged, scaled in (made.results[:2], made.results[2:]):
        ratio = scaled.structure("Tumour").mean_gy / imaged.structure("Tumour").mean_gy
        assert ratio == pytest.approx(1.25, rel=1e-5)
        assert scaled.energy.released_j == pytest.approx(1.25 * imaged.energy.released_j)
    assert made.imaged_activity_bq == pytest.approx(TOTAL_BQ, rel=1e-6)
    (finding,) = [one for one in made.findings if one.rule == "calibration_ratio"]
    assert finding.value == pytest.approx(0.8, rel=1e-5)
    assert "whole image" in made.normalising_volume


@pytest.mark.parametrize("factor", [1e-3, 0.49, 1.51, 1000.0])
def test_an_imaged_activity_far_from_the_one_given_is_refused(factor: float) -> None:
    with pytest.raises(ConfirmationError, match=r"kBq/mL against Bq/mL"):
        verified(course(activity(GRID, VALUES * factor)))


def test_a_named_person_can_confirm_the_imaged_activity() -> None:
    confirmation = Confirmation("imaged_activity", "A. Physicist", date(2026, 3, 5))
    made = verified(course(activity(GRID, VALUES * 0.4), confirmations=(confirmation,)))
    (finding,) = [one for one in made.findings if one.rule == "imaged_activity"]
    assert "A. Physicist" in finding.text


def test_without_the_activity_given_nothing_is_self_calibrated() -> None:
    made = verified(course(activity(GRID, VALUES), given_bq=Missing.NOT_RECORDED))
    assert {one.calibration for one in made.results} == {AS_IMAGED}
    assert made.administered_activity_bq is Missing.NOT_RECORDED


def test_dispensed_minus_residual_is_the_activity_given() -> None:
    facts = AdministrationFacts(
        device="resin", dispensed_activity_bq=1.1 * TOTAL_BQ, residual_activity_bq=0.1 * TOTAL_BQ
    )
    made = verified(course(activity(GRID, VALUES), administration=facts))
    assert made.administered_activity_bq == pytest.approx(TOTAL_BQ)


def test_counts_are_scaled_to_the_activity_given_and_nothing_else() -> None:
    imaged = verified(course(activity(GRID, VALUES)))
    counted = verified(course(counts(GRID, VALUES / 1e3, "Y-90")))
    assert {one.calibration for one in counted.results} == {SELF_CALIBRATED}
    assert counted.primary_result.structure("Tumour").mean_gy == pytest.approx(
        imaged.primary_result.structure("Tumour").mean_gy, rel=1e-4
    )
    assert counted.imaged_activity_bq is Missing.NOT_EVALUABLE
    with pytest.raises(MissingInputError, match="administered activity"):
        verified(course(counts(GRID, VALUES, "Y-90"), given_bq=Missing.NOT_RECORDED))


def test_an_image_at_acquisition_is_brought_back_to_the_administration() -> None:
    later = NOW + timedelta(seconds=Y90.half_life_s.value)
    image = ActivityMap(
        grid=GRID,
        values=(VALUES / 2).astype(np.float32),
        radionuclide="Y-90",
        reference_at=Event.ACQUISITION,
        acquired_at=later,
    )
    made = verified(course(image, administered_at=NOW))
    assert made.imaged_activity_bq == pytest.approx(TOTAL_BQ, rel=1e-5)
    with pytest.raises(MissingInputError, match="instant of the administration"):
        verified(course(image))


def test_negative_voxels_are_kept_and_counted() -> None:
    values = VALUES.copy()
    values[0, 0, :7] = -50.0
    made = verified(course(activity(GRID, values)))
    (finding,) = [one for one in made.findings if one.rule == "negative_voxels"]
    assert finding.value == 7


def test_a_negative_total_and_a_negative_structure_mean_are_refused() -> None:
    with pytest.raises(InputError, match="positive total"):
        verified(course(activity(GRID, -VALUES)))
    values = np.where(TUMOUR.values, -1.0, VALUES)
    confirmation = Confirmation("imaged_activity", "A. Physicist", date(2026, 3, 5))
    with pytest.raises(InputError, match="mean dose of Tumour is -"):
        verified(course(activity(GRID, values), confirmations=(confirmation,)), engine="local")


def test_a_mask_on_the_wrong_side_is_refused_until_confirmed() -> None:
    case = course(
        activity(GRID, VALUES),
        structures=StructureSet((structure("Liver", StructureKind.LIVER, mirrored(LIVER, 0.0)),)),
    )
    with pytest.raises(ConfirmationError, match="mirrored left–right"):
        verified(case)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"structures": StructureSet()}, "structure of kind liver"),
        ({"tissue": Tissue()}, "liver density"),
        ({"images": ()}, "image with role verification"),
    ],
)
def test_what_is_absent_is_named(changes: dict[str, object], wanted: str) -> None:
    with pytest.raises(MissingInputError, match=wanted):
        verified(course(activity(GRID, VALUES), **changes))  # type: ignore[arg-type]  # test facts


def test_an_engine_that_does_not_exist_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown .*engine 'montecarlo'.*local"):
        verified(course(activity(GRID, VALUES)), engine="montecarlo")


def test_a_nuclide_without_dose_data_is_refused() -> None:
    with pytest.raises(MissingInputError, match="Tc-99m"):
        verified(course(activity(GRID, VALUES, "Tc-99m")))


def test_moving_the_contours_spans_the_mean_and_is_a_finding() -> None:
    made = verified(course(activity(GRID, VALUES)))
    for row in made.primary_result.structures:
        assert not isinstance(row.mean_gy_under_shift, Missing)
        low, high = row.mean_gy_under_shift
        assert low <= row.mean_gy <= high
    tumour = made.primary_result.structure("Tumour")
    assert not isinstance(tumour.mean_gy_under_shift, Missing)
    assert tumour.mean_gy_under_shift[0] < 0.95 * tumour.mean_gy
    assert rules(made)["contour_shift"] is Severity.NOTE


def test_contours_of_an_assumed_frame_make_the_shift_a_warning() -> None:
    from dataclasses import replace

    assumed = tuple(
        replace(structure(label, kind, mask), assumed=("frame",))
        for label, kind, mask in (
            ("Liver", StructureKind.LIVER, LIVER),
            ("Tumour", StructureKind.TUMOUR, TUMOUR),
        )
    )
    made = verified(course(activity(GRID, VALUES), structures=StructureSet(assumed)))
    assert rules(made)["contour_shift"] is Severity.WARN


def test_a_small_lesion_is_warned_of() -> None:
    spot = structure("Spot", StructureKind.TUMOUR, ball(GRID, (-30, -20, 0), 6))
    liver = structure("Liver", StructureKind.LIVER, LIVER)
    made = verified(course(activity(GRID, VALUES), structures=StructureSet((liver, spot))))
    (finding,) = [one for one in made.findings if one.rule == "small_lesion"]
    assert "Spot" in finding.text
    assert not finding.verified


def test_lungs_of_a_stated_mass_get_the_dose_of_that_mass() -> None:
    lung = ball(GRID, (60, 0, 0), 20)
    values = np.where(lung.values, 2e4, VALUES)
    case = course(
        activity(GRID, values),
        structures=StructureSet(
            (
                structure("Liver", StructureKind.LIVER, LIVER),
                structure("Lungs", StructureKind.LUNG, lung),
            )
        ),
        tissue=Tissue(liver_density_kg_per_ml=1.05e-3, lung_mass_kg=0.01),
    )
    made = verified(case, engine="local")
    figures = made.primary_result.structure("Lungs")
    assert figures.mass_kg == pytest.approx(0.01, rel=1e-4)
    wanted_gy = 2e4 * lung.volume_ml * Y90.mean_life_s * Y90.electron_energy_j / 0.01
    assert figures.mean_gy == pytest.approx(wanted_gy, rel=1e-4)


def test_structures_of_another_frame_are_left_out_and_alone_refused() -> None:
    far = centred_grid((44, 44, 50), (4.0, 4.0, 4.0), frame="2.25.99")
    other = structure("Scout tumour", StructureKind.TUMOUR, ball(far, (-30, 10, 0), 20))
    liver = structure("Liver", StructureKind.LIVER, LIVER)
    made = verified(course(activity(GRID, VALUES), structures=StructureSet((liver, other))))
    assert "Scout tumour" not in {row.label for row in made.primary_result.structures}
    with pytest.raises(GeometryError, match="'Scout tumour': frames of reference differ"):
        verified(course(activity(GRID, VALUES), structures=StructureSet((other,))))
