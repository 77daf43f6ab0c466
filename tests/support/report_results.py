"""Made-up results with every part that a report can show."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
from builders import activity, ball, centred_grid, counts, structure

from opensirt.domain.case import Case, CaseImage, ImageRole, Prescription
from opensirt.domain.delivery import (
    ComparedPlan,
    Delivery,
    PlanStanding,
    StructureDelivery,
    TopUp,
    VoxelAgreement,
)
from opensirt.domain.dvh import Dvh
from opensirt.domain.finding import Confirmation, Finding, Severity
from opensirt.domain.grid import Grid
from opensirt.domain.image import CtImage, DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.record import (
    CaseResult,
    DoseResult,
    EnergyBalance,
    LungShunt,
    Plan,
    PlanRow,
    RecoveredDose,
    StructureDose,
    StructureUptake,
    Territory,
    TruthRow,
    Verification,
    Workup,
)
from opensirt.domain.structure import Structure, StructureKind, StructureSet
from opensirt.domain.uncertainty import (
    DoseInterval,
    DoseUncertainty,
    SampledDose,
    UncertaintyComponent,
)
from opensirt.physics.uncertainty import dose_uncertainty
from opensirt.provenance import Provenance

GRID = centred_grid((24, 28, 32), (5.0, 5.0, 5.0))
MADE_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

LIVER = structure("Liver", StructureKind.LIVER, ball(GRID, (-5, 0, 0), 48.0))
TUMOUR_1 = structure("Tumour 1", StructureKind.TUMOUR, ball(GRID, (-28, 4, 6), 16.0))
TUMOUR_2 = structure("Tumour 2", StructureKind.TUMOUR, ball(GRID, (18, -8, 4), 9.0))
GALLBLADDER = structure("Gallbladder", StructureKind.GALLBLADDER, ball(GRID, (0, -26, -22), 11.0))
PERFUSED = structure("Right lobe", StructureKind.PERFUSED_VOLUME, ball(GRID, (-18, 2, 2), 33.0))
NORMAL = structure(
    "Normal liver",
    StructureKind.NORMAL_LIVER,
    LIVER.mask.with_values(
        LIVER.mask.values & ~TUMOUR_1.mask.values & ~TUMOUR_2.mask.values & ~GALLBLADDER.mask.values
    ),
)
STRUCTURES = (LIVER, TUMOUR_1, TUMOUR_2, GALLBLADDER, PERFUSED, NORMAL)


def values(scale: float = 1.0) -> np.ndarray:
    """Return something like an activity or dose distribution."""
    made = np.full(GRID.shape, 0.2)
    made[LIVER.mask.values] = 4.0
    made[PERFUSED.mask.values] = 25.0
    made[TUMOUR_1.mask.values] = 120.0
    made[TUMOUR_2.mask.values] = 260.0
    return np.asarray(made * scale, dtype=np.float32)


def provenance(method: str = "run") -> Provenance:
    return Provenance(
        method=method,
        made_at=MADE_AT,
        inputs={"case.toml": "0" * 64, "pet": "ab" * 32},
        parameters={"engine": "kernel", "half_life_s": 230760.0},
        reference_data={"radionuclides": "icrp107", "site profile": "published (sha256 12ab)"},
        software={"opensirt": "0.1.0", "numpy": "2.4.6"},
    )


def structure_dose(one: Structure, dose: DoseMap, **changes: object) -> StructureDose:
    dvh = histogram(one, dose)
    tumour = one.kind is StructureKind.TUMOUR
    known = tumour or one.kind is not StructureKind.GALLBLADDER
    figures = StructureDose(
        label=one.label,
        kind=one.kind,
        volume_ml=one.volume_ml,
        mass_kg=one.volume_ml * 1.05e-3,
        activity_bq=dvh.mean_gy * 2e4 * one.volume_ml,
        mean_activity_bq_per_ml=dvh.mean_gy * 2e4,
        mean_gy=dvh.mean_gy,
        min_gy=dvh.min_gy,
        max_gy=dvh.max_gy,
        d95_gy=dvh.dose_gy(0.95),
        d70_gy=dvh.dose_gy(0.70),
        d50_gy=dvh.dose_gy(0.50),
        d5_gy=dvh.dose_gy(0.05),
        bed_gy=1.3 * dvh.mean_gy if known else Missing.NO_VERIFIED_VALUE,
        eqd2_gy=1.1 * dvh.mean_gy if known else Missing.NO_VERIFIED_VALUE,
        eubed_gy=1.2 * dvh.mean_gy if known else Missing.NO_VERIFIED_VALUE,
        alpha_beta_ratio_gy=(10.0 if tumour else 2.5) if known else Missing.NO_VERIFIED_VALUE,
        repair_half_life_h=(1.5 if tumour else 2.5) if known else Missing.NO_VERIFIED_VALUE,
        radiobiology_source="α/β: customary, primary source not read (memory)" if known else "",
        volume_fraction_at_gy={
            level: dvh.volume_fraction(level)
            for level in ((60.0, 100.0, 205.0) if tumour else (20.0, 30.0, 40.0))
        },
        mean_gy_under_shift=(0.8 * dvh.mean_gy, 1.1 * dvh.mean_gy),
    )
    return replace(figures, **changes)  # type: ignore[arg-type]  # fields of the record


def histogram(one: Structure, dose: DoseMap) -> Dvh:
    return Dvh(dose.values[one.mask.values], dose.grid.voxel_volume_ml)


def dose_result(
    scale: float = 1.0,
    *,
    engine: str = "kernel",
    calibration: str = "as imaged",
    structures: tuple[Structure, ...] = STRUCTURES,
) -> DoseResult:
    dose = DoseMap(grid=GRID, values=values(scale), engine=engine, radionuclide="Y-90")
    outside = 0.004 if engine == "kernel" else 0.0
    return DoseResult(
        engine=engine,
        calibration=calibration,
        radionuclide="Y-90",
        data_set="icrp107",
        dose=dose,
        energy=EnergyBalance(
            mean_energy_mev_per_decay=0.9329,
            released_j=48.2 * scale,
            scored_j=48.2 * scale * (1 - outside - 0.001),
            outside_kernel_fraction=outside,
            outside_grid_fraction=0.001,
        ),
        structures=tuple(structure_dose(one, dose) for one in structures),
        dvhs={one.label: histogram(one, dose) for one in structures},
    )


def verification(*, counts_only: bool = False) -> Verification:
    results = (
        dose_result(),
        dose_result(1.25, calibration="self-calibrated"),
        dose_result(engine="local"),
        dose_result(1.25, engine="local", calibration="self-calibrated"),
    )
    return Verification(
        image_id="pet",
        results=results,
        primary=0,
        imaged_activity_bq=Missing.NOT_EVALUABLE if counts_only else 1.123e9,
        administered_activity_bq=1.4e9,
        normalising_volume="the whole image (24×28×32 voxels), which holds 1123.0 MBq",
        delivery=Delivery(
            engine="kernel",
            device="resin",
            structures=tuple(
                StructureDelivery(
                    label=one.label,
                    kind=one.kind,
                    planned_gy=one.mean_gy * 1.15,
                    planned_as_given_gy=one.mean_gy * 1.10,
                    delivered_gy=one.mean_gy * 1.25,
                    imaged_gy=one.mean_gy,
                )
                for one in results[0].structures
            ),
            plan=ComparedPlan(
                device="resin",
                model="partition",
                radionuclide="Y-90",
                engine="kernel",
                administered_bq={"whole": 1.4e9 * 1.15 / 1.10},
                reaching_bq={"whole": 1.4e9},
                means_gy={one.label: one.mean_gy * 1.15 for one in results[0].structures},
                standing=PlanStanding.GIVEN,
                record="0002-plan.json",
                sha256="0123456789abcdef" * 4,
                named_by="0006-administer.json",
            ),
            given_over_planned=1.10 / 1.15,
            perfect_ratio=1.15,
            perfect_ratio_standard_uncertainty=0.06,
            perfect_ratio_source="a paper",
            voxels=tuple(
                VoxelAgreement(
                    label=one.label,
                    mean_difference_gy=4.0,
                    root_mean_square_gy=21.0,
                    concordance=0.7,
                    within_fraction=0.4,
                )
                for one in results[0].structures
            ),
            top_ups=(
                TopUp(
                    territory="right",
                    tumour="Tumour 1",
                    goal_gy=205.0,
                    goal="target 205 Gy",
                    delivered_gy=150.0,
                    after_gy=180.0,
                    reaching_liver_bq=2.8e8,
                    administered_bq=2.9e8,
                    perfused_normal_liver_after_gy=40.0,
                    normal_liver_after_gy=25.0,
                    lung_added_gy=0.7,
                    binding="perfused normal liver 40 Gy",
                ),
            ),
        ),
        findings=(),
        provenance=provenance("verify"),
        recovered=(
            RecoveredDose(label="Tumour 1", uncorrected_gy=120.0, corrected_gy=131.0),
            RecoveredDose(label="Tumour 2", uncorrected_gy=260.0, corrected_gy=330.0),
        ),
        recovery_method="geometric transfer matrix for 6.0 mm full width at half maximum",
        uncertainties=tuple(uncertainty(one.label, one.mean_gy) for one in results[0].structures),
    )


def uncertainty(label: str, mean_gy: float, *, calibrated: bool = False) -> DoseUncertainty:
    return dose_uncertainty(
        label,
        mean_gy=mean_gy,
        corrected_gy=Missing.NOT_ESTIMATED,
        components=(
            UncertaintyComponent(
                name="calibration",
                relative_standard_uncertainty=0.04 if calibrated else Missing.NOT_INCLUDED,
                how="stated for the image" if calibrated else "the image states none",
            ),
            UncertaintyComponent(
                name="volume",
                relative_standard_uncertainty=0.03,
                how="voxels of the mask",
                source="a paper",
                verified=False,
            ),
        ),
        coverage_factor=2.0,
        sampled=sampled(mean_gy),
    )


def sampled(mean_gy: float) -> SampledDose:
    """Return intervals that reach a tenth below and two tenths above."""

    def around(gy: float) -> DoseInterval:
        return DoseInterval(estimate_gy=gy, low_gy=0.9 * gy, high_gy=1.2 * gy)

    return SampledDose(
        mean=around(mean_gy),
        at_volume={part: around(mean_gy * (1.5 - part)) for part in (0.05, 0.5, 0.7, 0.95)},
        corrected=True,
        draws=64,
        probability=0.95,
        how="drawn for a test",
        shift_mm=(1.0, -2.0, 0.5),
        shift_spread=0.01,
    )


def uptake(one: Structure, part: float) -> StructureUptake:
    return StructureUptake(
        label=one.label,
        kind=one.kind,
        volume_ml=one.volume_ml,
        mass_kg=one.volume_ml * 1.05e-3,
        mean=321.5,
        uptake_fraction=part,
    )


def workup(*, lung_shunt: float | Missing = 0.05) -> Workup:
    return Workup(
        scout_id="maa",
        unit="counts",
        uptakes=tuple(uptake(one, 0.2) for one in STRUCTURES[:3]),
        lung_shunt=LungShunt(
            fraction=lung_shunt, standard_uncertainty=0.01, method="planar", assumed=True
        ),
        lung_mass_kg=1.0,
        liver_density_kg_per_ml=1.05e-3,
        liver_volume_ml=1500.0,
        tumour_volume_ml=240.0,
        normal_liver_volume_ml=1260.0,
        territories=(
            Territory(
                name="right",
                vessel="right hepatic artery",
                perfused_label="Right lobe",
                perfused_volume_ml=1082.0,
                perfused_mass_kg=1.136,
                perfused_normal_volume_ml=799.0,
                perfused_normal_mass_kg=0.839,
                tumour_masses_kg={"Tumour 1": 0.118, "Tumour 2": 0.135},
                tumour_to_normal_ratio={"Tumour 1": 4.5, "Tumour 2": Missing.NEEDS_STRUCTURE},
            ),
        ),
        normalising_volume="perfused volume and gallbladder",
        extrahepatic=(uptake(GALLBLADDER, 0.03),),
    )


_REASON = Missing.NOT_DEFINED_FOR_DEVICE


def plan_row(device: str, model: str, **changes: object) -> PlanRow:
    row = PlanRow(
        device=device,
        model=model,
        territory="right",
        administered_activity_bq=1.51e9,
        reaching_liver_bq=1.43e9,
        tumour_gy=142.0,
        normal_liver_gy=24.3,
        perfused_normal_liver_gy=40.0,
        perfused_volume_gy=66.0,
        lung_gy=3.75,
        sphere_count=30.2e6,
        binding="perfused normal liver 40 Gy",
        tumour_doses_gy={"Tumour 1": 150.0, "Tumour 2": 131.0},
        extrahepatic_doses_gy={"Gallbladder": 55.0} if model == "voxel" else {},
        dose_constant_gy_kg_per_gbq=49.67,
        sources=("EANM procedure guideline 2022, table 3",),
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # fields of the record


def plan(*, chosen: bool = True) -> Plan:
    nothing = dict.fromkeys(
        (
            "administered_activity_bq",
            "reaching_liver_bq",
            "tumour_gy",
            "normal_liver_gy",
            "perfused_normal_liver_gy",
            "perfused_volume_gy",
            "lung_gy",
            "sphere_count",
        ),
        _REASON,
    )
    empty: dict[str, object] = {**nothing, "binding": "", "tumour_doses_gy": {}}
    unknown_shunt: dict[str, object] = {
        "administered_activity_bq": Missing.NEEDS_LUNG_SHUNT,
        "lung_gy": Missing.NEEDS_LUNG_SHUNT,
        "lung_limit_binds_at_fraction": 0.284,
    }
    rows = (
        plan_row("resin", "body_surface_area", tumour_doses_gy={}),
        plan_row("resin", "partition"),
        plan_row("resin", "voxel", administered_activity_bq=1.56e9, note="with the gallbladder"),
        plan_row("glass", "body_surface_area", **empty),
        plan_row("glass", "mono_compartment", verified=False),
        plan_row("holmium", "body_surface_area", **empty),
        plan_row("holmium", "partition", **unknown_shunt),
    )
    return Plan(
        rows=rows,
        chosen=rows[1] if chosen else None,
        doses={("resin", "partition"): replace(dose_result(0.7), calibration="planned")},
        findings=(),
        provenance=provenance("plan"),
    )


FINDINGS = (
    Finding(Severity.WARN, "assumed", "assumed, not recorded: tissue: lung_mass_kg = 1"),
    Finding(Severity.STOP, "lung_dose", "lungs would receive 34 Gy, limit 30 Gy", 34.0, 30.0, "X"),
    Finding(Severity.WARN, "calibration_ratio", "the image holds 1123 of 1400 MBq", 0.802),
    Finding(
        Severity.NOTE,
        "small_lesion",
        "Tumour 2 is small",
        None,
        2.0,
        "read in code",
        verified=False,
    ),
)
TRUTH = (
    TruthRow(
        quantity="Mean dose of the liver",
        unit="Gy",
        true=41.2,
        estimated=40.9,
        uncorrected=40.1,
        tolerance="3 %",
    ),
    TruthRow(quantity="Lung shunt fraction", unit="1", true=0.052, estimated=Missing.NOT_DONE),
)


def case(*, ct: bool = False, structures: tuple[Structure, ...] = STRUCTURES) -> Case:
    images = [
        CaseImage(id="pet", role=ImageRole.VERIFICATION, image=activity(GRID, values(2e4))),
        CaseImage(id="maa", role=ImageRole.SCOUT, image=counts(GRID, values(10.0))),
    ]
    if ct:
        images.append(CaseImage(id="ct", role=ImageRole.CT, image=ct_image()))
    return Case(
        key="digital <patient> & co",
        images=tuple(images),
        structures=StructureSet(structures),
        prescription=Prescription(device="resin", model="partition"),
        confirmations=(Confirmation("imaged_activity", "A. Physicist", date(2026, 3, 1)),),
    )


def ct_image() -> CtImage:
    hounsfield = np.full(GRID.shape, -1000.0, dtype=np.float32)
    hounsfield[ball(GRID, (0, 0, 0), 70.0).values] = 20.0
    hounsfield[LIVER.mask.values] = 60.0
    return CtImage(
        grid=Grid(GRID.shape, GRID.affine, GRID.frame_of_reference_uid), values=hounsfield
    )


def result(**changes: object) -> CaseResult:
    made: Mapping[str, object] = {
        "case_key": "digital <patient> & co",
        "findings": FINDINGS,
        "workup": workup(),
        "plan": plan(),
        "verification": verification(),
        "truth": TRUTH,
        "drawn": STRUCTURES,
        "provenance": provenance(),
    }
    return CaseResult(**{**made, **changes})  # type: ignore[arg-type]  # fields of the record
