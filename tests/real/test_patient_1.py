"""The public patient after treatment (Taranis sample images, MIT), against independent figures.

The figures are those of the data page: native volumes, nearest-neighbour volumes and means made
with other code, and means with fractional weights.
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from builders import site

from opensirt.app.read_case import read_case
from opensirt.domain.case import Case
from opensirt.domain.record import DoseResult, Verification
from opensirt.errors import ConfirmationError
from opensirt.workflow.verify import verify

CASE = """
schema = "opensirt/case/1"
key = "patient-1"
[[images]]
id = "pet"
role = "verification"
path = "{folder}/patient_1_Y90_PET.nrrd"
unit = "{unit}"
radionuclide = "Y-90"
reference = "administration"
frame = "patient-1-pet"
assumed = ["unit", "reference", "frame"]
[[structures]]
path = "{folder}/patient_1_Segmentation.seg.nrrd"
frame = "patient-1-pet"
labels = {{ "Liver" = "liver", "Tumor *" = "tumour", "Normal Tissue" = "normal_liver" }}
assumed = ["frame"]
[tissue]
liver_density_g_per_ml = 1.05
assumed = ["liver_density_g_per_ml"]
[administration]
device = "unknown"
administered_activity_mbq = 1400
assumed = ["administered_activity_mbq"]
"""

# label: native mL, nearest-neighbour mL, nearest-neighbour kBq/mL, fractional MBq/mL
FIGURES = {
    "Liver": (1488.47, 1490.79, 704.1, 0.7048),
    "Tumor 1": (15.63, 15.62, 1440.4, 1.425),
    "Tumor 2": (209.58, 208.72, 3484.2, 3.456),
    "Tumor 3": (0.215, 0.153, 1403.2, 1.249),
    "Tumor 4": (0.520, 0.534, 5832.8, 6.356),
    "Tumor 5": (0.727, 0.657, 4039.6, 3.563),
    "Tumor 6": (1.603, 1.466, 509.6, 0.475),
    "Normal Tissue": (1265.20, 1268.35, 232.6, 0.2358),
}


def written(folder: Path, shared_data: Path, unit: str = "Bq/mL") -> Path:
    patients = shared_data / "data" / "sirt_patients"
    path = folder / "case.toml"
    path.write_text(CASE.format(folder=patients, unit=unit))
    return path


@pytest.fixture(scope="module")
def case(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    return read_case(written(tmp_path_factory.mktemp("patient-1"), shared_data))


@pytest.fixture(scope="module")
def verification(case: Case) -> Verification:
    return verify(case, site(), made_at=datetime(2026, 1, 1, tzinfo=UTC), software={})


@pytest.fixture(scope="module")
def local(verification: Verification) -> DoseResult:
    (found,) = [
        one
        for one in verification.results
        if (one.engine, one.calibration) == ("local", "as imaged")
    ]
    return found


@pytest.mark.parametrize("label", FIGURES)
def test_native_volumes_are_those_of_the_data_page(label: str, case: Case) -> None:
    wanted = FIGURES[label][0]
    digits = 3 if wanted < 2 else 2
    assert round(case.structures.labelled(label).volume_ml, digits) == wanted


@pytest.mark.parametrize("label", FIGURES)
def test_nearest_neighbours_give_the_volumes_and_means_of_the_data_page(
    label: str, case: Case
) -> None:
    image = case.images[0].image
    mask = case.structures.labelled(label).mask
    index = np.moveaxis(np.indices(image.grid.shape), 0, -1).reshape(-1, 3)
    nearest = np.rint(mask.grid.index_of(image.grid.lps_mm(index))).astype(int)
    valid = ((nearest >= 0) & (nearest < np.array(mask.grid.shape))).all(axis=1)
    inside = np.zeros(len(index), dtype=bool)
    inside[valid] = mask.values[tuple(nearest[valid].T)]
    _, wanted_ml, wanted_kbq_per_ml, _ = FIGURES[label]
    digits = 3 if wanted_ml < 2 else 2
    volume_ml = np.count_nonzero(inside) * image.grid.voxel_volume_ml
    assert round(volume_ml, digits) == pytest.approx(wanted_ml, abs=1.01 * 10**-digits)
    mean = image.values.reshape(-1)[inside].mean(dtype=np.float64) / 1e3
    assert mean == pytest.approx(wanted_kbq_per_ml, abs=0.06)


@pytest.mark.parametrize("label", FIGURES)
def test_means_with_fractional_weights_are_those_of_the_issue(
    label: str, local: DoseResult
) -> None:
    volume_ml, _, _, wanted_mbq_per_ml = FIGURES[label]
    tolerance = 0.05 if volume_ml < 1 else 0.01
    found = local.structure(label).mean_activity_bq_per_ml / 1e6
    assert found == pytest.approx(wanted_mbq_per_ml, rel=tolerance)


def test_the_image_holds_1123_of_1400_megabecquerel(verification: Verification) -> None:
    assert verification.imaged_activity_bq == pytest.approx(1122.96e6, rel=1e-5)
    (finding,) = [one for one in verification.findings if one.rule == "calibration_ratio"]
    assert finding.value == pytest.approx(0.802, abs=5e-4)


def test_tumour_2_gets_163_gray_by_local_deposition(local: DoseResult) -> None:
    # 3.456 MBq/mL, 1.05 g/mL and 49.67 Gy·kg/GBq: 163.5 Gy.
    tumour = local.structure("Tumor 2")
    assert tumour.mean_gy == pytest.approx(163.5, rel=0.01)
    by_constant = tumour.mean_activity_bq_per_ml / 1e9 / 1.05e-3 * 49.67
    assert by_constant == pytest.approx(163.5, rel=0.01)


def test_five_millilitres_of_tumour_2_outside_the_liver_are_a_finding(
    verification: Verification,
) -> None:
    (finding,) = [one for one in verification.findings if one.rule == "tumour_outside_liver"]
    assert finding.value == pytest.approx(5.0, abs=0.05)


def test_what_is_assumed_is_said_first(case: Case) -> None:
    assumed = [one for one in case.findings if one.rule == "assumed"]
    assert len(assumed) == 4
    assert case.findings[: len(assumed)] == tuple(assumed)


def test_energy_is_kept(verification: Verification) -> None:
    for one in verification.results:
        energy = one.energy
        kept = 1 - energy.outside_kernel_fraction - energy.outside_grid_fraction
        assert energy.scored_j == pytest.approx(energy.released_j * kept, rel=1e-3)
        scored = one.dose.values.sum(dtype=np.float64) * one.dose.grid.voxel_volume_ml * 1.05e-3
        assert scored == pytest.approx(energy.scored_j, rel=1e-3)


def test_kilobecquerel_for_becquerel_is_refused(shared_data: Path, tmp_path: Path) -> None:
    wrong = read_case(written(tmp_path, shared_data, unit="kBq/mL"))
    with pytest.raises(ConfirmationError, match="kBq/mL against Bq/mL"):
        verify(wrong, site(), made_at=datetime(2026, 1, 1, tzinfo=UTC), software={})
