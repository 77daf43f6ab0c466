"""Dose–volume figures of structures, from a dose file and a structure file."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from opensirt.app.case_image import agreed
from opensirt.app.case_structures import mask_of_segment, matching
from opensirt.app.frame import SharedFrame
from opensirt.app.image_file import (
    geometry_of,
    is_dicom_path,
    read_image_file,
    read_segment_file,
    require_there,
    sha256_of_path,
)
from opensirt.domain.dvh import Dvh
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.domain.structure import Structure, StructureKind, VoxelWeights
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.quantify import grid_of
from opensirt.imaging.voxel_weights import voxel_weights
from opensirt.physics.radiobiology import (
    biologically_effective_dose_gy,
    eqd2_gy,
    equivalent_uniform_dose_gy,
    generalised_equivalent_uniform_dose_gy,
)
from opensirt.reference.radionuclide import radionuclide
from opensirt.units import SECONDS_PER_HOUR, ImageUnit
from opensirt.whole_file import whole_file

Row = Mapping[str, str | float]


def dvh(dose: DoseMap, structure: Structure) -> Dvh:
    """Return the dose–volume histogram of a structure, boundary voxels by their part inside.

    Raises
    ------
    GeometryError
        When the two lie in different frames of reference, or the structure outside the dose.
    """
    return _histogram(dose, _weights(dose, structure))


def _weights(dose: DoseMap, structure: Structure) -> VoxelWeights:
    weights = voxel_weights(structure.mask, dose.grid)
    if weights.fraction.size == 0:
        raise GeometryError(
            f"{structure.label} lies wholly outside the dose; wanted both in the same place: check "
            "the frame and the files"
        )
    return weights


def _histogram(dose: DoseMap, weights: VoxelWeights) -> Dvh:
    return Dvh(weights.values_of(dose), dose.grid.voxel_volume_ml, weights.fraction)


@dataclass(frozen=True, kw_only=True)
class BedParameters:
    """What BED of a permanent implant needs."""

    nuclide: str
    alpha_beta_ratio_gy: float
    repair_half_life_h: float

    def bed_gy(self, dose_gy: ArrayLike) -> NDArray[np.float64]:
        """Return the BED of each dose."""
        return biologically_effective_dose_gy(
            dose_gy,
            alpha_beta_ratio_gy=self.alpha_beta_ratio_gy,
            repair_half_life_s=self.repair_half_life_h * SECONDS_PER_HOUR,
            physical_half_life_s=radionuclide(self.nuclide).half_life_s.value,
        )


@dataclass(frozen=True, kw_only=True)
class DvhRequest:
    """What the `dvh` command was asked."""

    dose: Path
    structures: Path
    frame: str | None = None
    labels: Mapping[str, StructureKind] = field(default_factory=dict)
    """Name or pattern → kind; other structures are of kind ``other``."""
    volume_at_gy: Sequence[float] = ()
    eud_exponent: float | None = None
    bed: BedParameters | None = None
    alpha_per_gy: float | None = None
    """Of EUBED, which needs `bed` too."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DvhOutcome:
    """One row of figures for each structure."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    inputs: Mapping[str, str]


def dvh_of_files(request: DvhRequest) -> DvhOutcome:
    """Return the dose–volume figures of every segment of a file.

    Raises
    ------
    InputError
        When a file cannot be used, or a label is that of no segment.
    GeometryError
        When the two files lie in different frames of reference, or no structure in the dose.
    """
    if request.alpha_per_gy is not None and request.bed is None:
        raise InputError("EUBED needs BED of every voxel; give --bed with --eubed")
    frame = SharedFrame(request.frame, request.dose.name)
    dose, findings = read_dose(request.dose, frame)
    rows: list[Row] = []
    for structure in structures_of_file(request.structures, frame, dose, request.labels):
        try:
            rows.append(_row(request, dose, structure))
        except GeometryError as error:
            dose.grid.require_same_frame(structure.mask.grid)
            findings.append(Finding(Severity.WARN, "structure_outside_image", str(error)))
    if not rows:
        raise GeometryError(
            f"no structure of {request.structures.name} touches {request.dose.name}; wanted both "
            "in the same place: check the files"
        )
    return DvhOutcome(
        rows=tuple(rows),
        findings=(*frame.findings(), *findings),
        inputs={
            "dose": sha256_of_path(request.dose),
            "structures": sha256_of_path(request.structures),
        },
    )


def structures_of_file(
    path: Path, frame: SharedFrame, dose: DoseMap, labels: Mapping[str, StructureKind]
) -> Iterator[Structure]:
    """Yield the structures of every segment of a file.

    Parameters
    ----------
    path, frame
        The file, and the frame that it shares.
    dose
        On whose grid a file without a geometry of its own was drawn.
    labels
        Name or pattern → kind; other structures are of kind ``other``.

    Raises
    ------
    InputError
        When the file cannot be used, or a label is that of no segment.
    """
    read = read_segment_file(path, drawn_on=[geometry_of(dose, dose.engine)])
    unused = set(labels) - {matching(name, labels) for name in read.names}
    if unused:
        raise InputError(
            f"{path.name}: no segment is called "
            f"{', '.join(map(repr, sorted(unused)))}; found {', '.join(map(repr, read.names))}"
        )
    for segment in read.segments:
        pattern = matching(segment.name, labels)
        yield Structure(
            segment.name,
            labels[pattern] if pattern else StructureKind.OTHER,
            mask_of_segment(
                segment,
                frame.of(segment.frame_of_reference_uid, path.name),
                where=path.name,
            ),
        )


def read_dose_file(path: Path) -> ReadVolume:
    """Return what a dose file holds: a DICOM RT Dose, or any other image file.

    Raises
    ------
    InputError
        When there is nothing there, it cannot be read, or a folder holds several doses.
    """
    require_there(path)
    if not is_dicom_path(path):
        return read_image_file(path)
    from opensirt.dicom.rtdose_reading import read_rtdose
    from opensirt.dicom.series import list_series

    doses = [file for one in list_series(path) if one.modality == "RTDOSE" for file in one.paths]
    if len(doses) > 1:
        raise InputError(f"{path.name} holds {len(doses)} RT Doses; wanted one: name the file")
    return read_rtdose(doses[0]) if doses else read_image_file(path)


def read_dose(path: Path, frame: SharedFrame) -> tuple[DoseMap, list[Finding]]:
    """Return a dose map in Gy from any image file, and what its reader noticed.

    Raises
    ------
    InputError
        When the file cannot be read, or declares that it is no dose.
    """
    read = read_dose_file(path)
    agreed(path.name, "unit", read.unit, ImageUnit.GY)
    dose = DoseMap(
        grid=grid_of(read, frame=frame.of(read.frame_of_reference_uid, path.name)),
        values=read.values.astype("float32"),
        engine=f"read from {path.name}",
        radionuclide="" if isinstance(read.radionuclide, Missing) else read.radionuclide,
    )
    return dose, [Finding(Severity.NOTE, "file", f"{path.name}: {note}") for note in read.notes]


def _row(request: DvhRequest, dose: DoseMap, structure: Structure) -> Row:
    weights = _weights(dose, structure)
    curve = _histogram(dose, weights)
    row: dict[str, str | float] = {
        "label": structure.label,
        "kind": structure.kind.value,
        "volume_ml": structure.volume_ml,
        "mean_gy": curve.mean_gy,
        "min_gy": curve.min_gy,
        "max_gy": curve.max_gy,
        "d95_gy": curve.dose_gy(0.95),
        "d70_gy": curve.dose_gy(0.70),
        "d50_gy": curve.dose_gy(0.50),
        "d5_gy": curve.dose_gy(0.05),
        "volume_outside_ml": weights.volume_outside_ml,
    }
    for level_gy in request.volume_at_gy:
        row[f"v_{level_gy:g}gy_fraction"] = curve.volume_fraction(level_gy)
    if request.eud_exponent is not None:
        row["eud_gy"] = generalised_equivalent_uniform_dose_gy(
            weights.values_of(dose), exponent=request.eud_exponent, volumes=weights.fraction
        )
    if request.bed is not None:
        row["bed_gy"] = float(request.bed.bed_gy(curve.mean_gy))
        row["eqd2_gy"] = float(
            eqd2_gy(row["bed_gy"], alpha_beta_ratio_gy=request.bed.alpha_beta_ratio_gy)
        )
        if request.alpha_per_gy is not None:
            row["eubed_gy"] = equivalent_uniform_dose_gy(
                request.bed.bed_gy(weights.values_of(dose)),
                alpha_per_gy=request.alpha_per_gy,
                volumes=weights.fraction,
            )
    return row


def write_dvh_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write the figures, one structure a row, whole or not at all."""
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {
                    key: f"{value:.8g}" if isinstance(value, float) else value
                    for key, value in row.items()
                }
            )
