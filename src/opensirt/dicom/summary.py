"""What `opensirt inspect` says of one series; nothing in it identifies the patient."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from pydicom.dataset import Dataset

from opensirt.dicom.getters import items, optional_int, optional_text
from opensirt.dicom.instant import acquisition, file_zone
from opensirt.dicom.series_plan import HeaderFile, plan_series
from opensirt.dicom.structure_set import frames_of_reference
from opensirt.domain.missing import Missing
from opensirt.errors import InputError
from opensirt.units import ImageUnit


@dataclass(frozen=True, kw_only=True)
class SeriesSummary:
    """One series: what it is, its geometry, what it declares, and what hinders its use.

    `problem` is empty when `read_series` makes a volume of it (or the modality is not an image),
    and says otherwise why not. `description` is free text of the scanner's operator: for the
    screen of who has the file, not for records.
    """

    series_uid: str
    modality: str
    sop_class: str
    description: str
    paths: tuple[Path, ...]
    n_frames: int
    transfer_syntaxes: tuple[str, ...]
    shape: tuple[int, int, int] | Missing = Missing.NOT_RECORDED
    """(k, j, i)."""
    spacing_mm: tuple[float, float, float] | Missing = Missing.NOT_RECORDED
    """Along (k, j, i)."""
    frame_of_reference_uid: str | Missing = Missing.NOT_RECORDED
    unit: ImageUnit | Missing = Missing.NOT_RECORDED
    units_text: str | Missing = Missing.NOT_RECORDED
    """Units or RescaleType as written."""
    radionuclide: str | Missing = Missing.NOT_RECORDED
    decay_correction: str | Missing = Missing.NOT_RECORDED
    duration_s: float | Missing = Missing.NOT_RECORDED
    has_acquisition_time: bool = False
    has_time_zone: bool = False
    has_administered_activity: bool = False
    labels: tuple[str, ...] = ()
    """Names of segments or regions of interest."""
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def n_files(self) -> int:
        """Number of files."""
        return len(self.paths)


def summary_of(series_uid: str, files: Sequence[HeaderFile]) -> SeriesSummary:
    """Return the summary of the files of one series."""
    first = files[0].header
    modality = _text(first, "Modality")
    summary = SeriesSummary(
        series_uid=series_uid,
        modality=modality,
        sop_class=getattr(first.get("SOPClassUID"), "name", "") or "unknown",
        description=_text(first, "SeriesDescription"),
        paths=tuple(one.path for one in files),
        n_frames=sum(_n_frames(one.header) for one in files),
        transfer_syntaxes=tuple(sorted({_syntax(one.header) for one in files})),
        frame_of_reference_uid=optional_text(first, "FrameOfReferenceUID"),
        has_acquisition_time=not isinstance(acquisition(first), Missing),
        has_time_zone=file_zone(first) is not None,
    )
    if modality == "RTSTRUCT" and len(frames := frames_of_reference(first)) == 1:
        summary = replace(summary, frame_of_reference_uid=frames.pop())
    if modality in _LABELS:
        return replace(summary, labels=_LABELS[modality](first))
    if "Rows" not in first or modality == "RTDOSE":
        return summary
    return _as_image(summary, files)


def _as_image(summary: SeriesSummary, files: Sequence[HeaderFile]) -> SeriesSummary:
    first = files[0].header
    units = optional_text(first, "Units")
    summary = replace(
        summary,
        units_text=optional_text(first, "RescaleType") if isinstance(units, Missing) else units,
        decay_correction=optional_text(first, "DecayCorrection"),
    )
    try:
        plan = plan_series(files)
    except InputError as error:
        return replace(summary, problem=str(error))
    k, j, i = (float(mm) for mm in np.linalg.norm(plan.affine[:3, :3], axis=0))
    return replace(
        summary,
        shape=(len(plan.frames), plan.rows, plan.columns),
        spacing_mm=(k, j, i),
        frame_of_reference_uid=plan.frame_of_reference_uid,
        unit=plan.facts.unit,
        radionuclide=plan.facts.radionuclide,
        duration_s=plan.facts.duration_s,
        has_administered_activity=not isinstance(plan.facts.administered_activity_bq, Missing),
        notes=plan.notes,
    )


def _text(header: Dataset, keyword: str) -> str:
    text = optional_text(header, keyword)
    return "" if isinstance(text, Missing) else text


def _n_frames(header: Dataset) -> int:
    n_frames = optional_int(header, "NumberOfFrames")
    return 1 if isinstance(n_frames, Missing) else n_frames


def _syntax(header: Dataset) -> str:
    meta = getattr(header, "file_meta", Dataset())
    return getattr(meta.get("TransferSyntaxUID"), "name", "") or "unknown"


def _segment_labels(header: Dataset) -> tuple[str, ...]:
    return tuple(_text(item, "SegmentLabel") for item in items(header, "SegmentSequence"))


def _roi_names(header: Dataset) -> tuple[str, ...]:
    return tuple(_text(item, "ROIName") for item in items(header, "StructureSetROISequence"))


_LABELS: Mapping[str, Callable[[Dataset], tuple[str, ...]]] = MappingProxyType(
    {"SEG": _segment_labels, "RTSTRUCT": _roi_names}
)
