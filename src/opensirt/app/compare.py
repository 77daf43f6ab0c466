"""Two dose files side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from opensirt.app.dvh import dvh, read_dose, structures_of_file
from opensirt.app.frame import SharedFrame
from opensirt.app.image_file import sha256_of_path
from opensirt.app.write_dose import require_dose_name, write_dose
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.image import DoseMap, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import GeometryError
from opensirt.physics.comparison import (
    Agreement,
    DoseDifference,
    GammaCriteria,
    GammaIndex,
    bland_altman,
    dose_difference,
    dvh_difference_gy,
    gamma_index,
)
from opensirt.reference.constant import constant

Row = Mapping[str, str | float]

_FEWEST_PAIRS = 3


@dataclass(frozen=True, kw_only=True)
class CompareRequest:
    """What the `compare` command was asked; None where `comparison.toml` says it."""

    reference: Path
    evaluated: Path
    structures: Path | None = None
    labels: Mapping[str, StructureKind] = field(default_factory=dict)
    frame: str | None = None
    dose_difference_fraction: float | None = None
    distance_mm: float | None = None
    lowest_dose_fraction: float | None = None
    local: bool = False
    gamma_map: Path | None = None

    def criteria(self) -> GammaCriteria:
        """Return the criteria, the customary ones where none were given."""
        usual = GammaCriteria.customary()

        def chosen(given: float | None, otherwise: float) -> float:
            return otherwise if given is None else given

        return GammaCriteria(
            dose_difference_fraction=chosen(
                self.dose_difference_fraction, usual.dose_difference_fraction
            ),
            distance_mm=chosen(self.distance_mm, usual.distance_mm),
            lowest_dose_fraction=chosen(self.lowest_dose_fraction, usual.lowest_dose_fraction),
            local=self.local,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class CompareOutcome:
    """What two doses have in common; differences are evaluated − reference."""

    gamma: GammaIndex
    voxels: DoseDifference | Missing
    """Missing where the two lie on different grids."""
    rows: tuple[Row, ...]
    """A row for each structure; none without structures."""
    agreement: Agreement | Missing
    """Of the mean doses of the structures, relative; Missing for fewer than three."""
    findings: tuple[Finding, ...]
    inputs: Mapping[str, str]


def compare_files(request: CompareRequest) -> CompareOutcome:
    """Compare two doses, and write the map of the gamma index where asked.

    Raises
    ------
    InputError
        When a file or a criterion cannot be used; nothing is written then.
    GeometryError
        When the doses lie in different frames of reference, or their axes are not parallel.
    """
    criteria = request.criteria()
    if request.gamma_map is not None:
        require_dose_name(request.gamma_map)
    frame = SharedFrame(request.frame, request.reference.name)
    reference, findings = read_dose(request.reference, frame)
    evaluated, more = read_dose(request.evaluated, frame)
    findings += [*more, *_unread_criteria(request)]
    inputs = {
        "reference": sha256_of_path(request.reference),
        "evaluated": sha256_of_path(request.evaluated),
    }
    rows: list[Row] = []
    if request.structures is not None:
        inputs["structures"] = sha256_of_path(request.structures)
        for structure in structures_of_file(request.structures, frame, reference, request.labels):
            try:
                curves = dvh(reference, structure), dvh(evaluated, structure)
            except GeometryError as error:
                findings.append(Finding(Severity.WARN, "structure_outside_image", str(error)))
                continue
            row: dict[str, str | float] = {"label": structure.label, "kind": structure.kind.value}
            for name, value in (
                ("mean", [one.mean_gy for one in curves]),
                ("d95", [one.dose_gy(0.95) for one in curves]),
                ("d70", [one.dose_gy(0.70) for one in curves]),
                ("d50", [one.dose_gy(0.50) for one in curves]),
            ):
                row[f"reference_{name}_gy"] = value[0]
                row[f"{name}_difference_gy"] = value[1] - value[0]
            row["dvh_difference_gy"] = dvh_difference_gy(*curves)
            rows.append(row)
    gamma = gamma_index(reference, evaluated, criteria)
    outcome = CompareOutcome(
        gamma=gamma,
        voxels=_voxels(reference, evaluated, criteria.lowest_dose_fraction),
        rows=tuple(rows),
        agreement=_agreement(rows),
        findings=(*frame.findings(), *findings),
        inputs=inputs,
    )
    if request.gamma_map is not None:
        _write_gamma(request.gamma_map, reference, gamma)
    return outcome


def _unread_criteria(request: CompareRequest) -> list[Finding]:
    """Say which of the criteria in force nobody has read in their source."""
    given = {
        "dose_difference": request.dose_difference_fraction,
        "distance": request.distance_mm,
        "lowest_dose": request.lowest_dose_fraction,
    }
    unread = [
        constant("comparison", "gamma", name) for name, value in given.items() if value is None
    ]
    if all(one.verified for one in unread):
        return []
    text = (
        "the gamma criteria are customary for external beams and known second hand; there are "
        "none in print for radioembolization: choose your own with --dose-difference, "
        "--distance-mm and --lowest-dose"
    )
    return [Finding(Severity.NOTE, "gamma_criteria", text, source=unread[0].source, verified=False)]


def _voxels(
    reference: DoseMap, evaluated: DoseMap, lowest_dose_fraction: float
) -> DoseDifference | Missing:
    try:
        return dose_difference(reference, evaluated, lowest_dose_fraction=lowest_dose_fraction)
    except GeometryError:
        return Missing.NOT_ESTIMATED


def _agreement(rows: Sequence[Row]) -> Agreement | Missing:
    pairs = [
        (float(row["reference_mean_gy"]), float(row["mean_difference_gy"]))
        for row in rows
        if float(row["reference_mean_gy"]) > 0
    ]
    if len(pairs) < _FEWEST_PAIRS:
        return Missing.NOT_ESTIMATED
    return bland_altman(
        [one for one, _ in pairs], [one + more for one, more in pairs], relative=True
    )


def _write_gamma(path: Path, reference: DoseMap, gamma: GammaIndex) -> None:
    """Write the map; points that were not judged hold −1, which no index can be."""
    values = np.where(np.isfinite(gamma.values), gamma.values, np.float32(-1.0))
    write_dose(path, Image3D(grid=reference.grid, values=values))
