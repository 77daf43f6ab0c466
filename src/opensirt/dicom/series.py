"""DICOM series in: what a folder holds, and one series as a volume."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opensirt.dicom.file_reading import frames, read_header
from opensirt.dicom.getters import optional_text
from opensirt.dicom.series_plan import HeaderFile, SeriesPlan, plan_series
from opensirt.dicom.summary import SeriesSummary, summary_of
from opensirt.domain.missing import Missing
from opensirt.domain.reading import ReadVolume
from opensirt.errors import InputError, UnknownNameError

NOT_IMAGES = ("SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "SR", "RWV", "KO", "PR", "REG", "DOC")
"""Modalities whose files are no image series."""


@dataclass(frozen=True, kw_only=True)
class FolderContent:
    """The DICOM series of a folder, and how many other files lie there."""

    series: tuple[SeriesSummary, ...]
    n_other_files: int
    damaged: tuple[str, ...]
    """One message for each DICOM file that could not be read."""
    n_patients: int = 0
    """Number of different patient IDs."""


def list_series(path: Path) -> tuple[SeriesSummary, ...]:
    """Return the series of a folder (with its folders) or of one file; see `folder_content`."""
    return folder_content(path).series


def folder_content(path: Path) -> FolderContent:
    """Return what a folder (with its folders) or one file holds, sorted by series.

    Files need no suffix. DICOMDIR is passed over, files that are not DICOM are counted, damaged
    ones are named.

    Raises
    ------
    InputError
        When there is no such folder or file.
    """
    grouped, n_other, damaged = _grouped(path)
    made = tuple(summary_of(uid, files) for uid, files in sorted(grouped.items()))
    ids = {
        text.upper()
        for files in grouped.values()
        for one in files
        if isinstance(text := optional_text(one.header, "PatientID"), str)
    }
    return FolderContent(series=made, n_other_files=n_other, damaged=damaged, n_patients=len(ids))


def read_series(
    path: Path, series_uid: str | None = None, *, zone: tzinfo | None = None
) -> ReadVolume:
    """Read one CT, PT, NM or other image series as a volume in LPS millimetres.

    Parameters
    ----------
    path
        A folder (searched with its folders) or one file.
    series_uid
        Which series; may be left out when there is one image series only.
    zone
        Time zone of the site, for files that state none; a note says when it was used.

    Raises
    ------
    InputError
        When there is no DICOM file, a file of the series is truncated or damaged, no or several
        image series qualify, facts contradict each other, or a PET is neither BQML nor CNTS.
    GeometryError
        When slices are missing, doubled, tilted or lie in two frames of reference.
    MissingInputError
        When an attribute that place or value need is absent.
    UnknownNameError
        When the folder has no series with that UID.
    """
    files = series_headers(path, series_uid)
    uid = optional_text(files[0].header, "SeriesInstanceUID")
    plan = plan_series(files, zone)
    return ReadVolume(
        values=_values(plan),
        affine=plan.affine,
        source=f"{plan.facts.modality} series {'without UID' if isinstance(uid, Missing) else uid}",
        modality=plan.facts.modality,
        frame_of_reference_uid=plan.frame_of_reference_uid,
        unit=plan.facts.unit,
        radionuclide=plan.facts.radionuclide,
        decay_corrected_to=plan.facts.decay_corrected_to,
        acquired_at=plan.facts.acquired_at,
        duration_s=plan.facts.duration_s,
        administered_activity_bq=plan.facts.administered_activity_bq,
        administered_at=plan.facts.administered_at,
        patient_digests=plan.patient_digests,
        notes=plan.notes,
    )


def series_headers(path: Path, series_uid: str | None = None) -> list[HeaderFile]:
    """Return the headers of one image series; arguments and errors as of `read_series`."""
    grouped, n_other, damaged = _grouped(path)
    if damaged:
        more = f" (and {len(damaged) - 1} more)" if len(damaged) > 1 else ""
        raise InputError(f"{damaged[0]}{more}")
    if not grouped:
        raise InputError(
            f"{path.name}: there is no DICOM file ({n_other} other files); wanted the files of a "
            "series; check the path"
        )
    return grouped[_chosen(path, grouped, series_uid)]


def _grouped(path: Path) -> tuple[dict[str, list[HeaderFile]], int, tuple[str, ...]]:
    grouped: dict[str, list[HeaderFile]] = {}
    damaged: list[str] = []
    n_other = 0
    for one in _files(path):
        try:
            header = read_header(one)
        except InputError as error:
            damaged.append(str(error))
            continue
        if header is None:
            n_other += 1
            continue
        uid = optional_text(header, "SeriesInstanceUID")
        key = "" if isinstance(uid, Missing) else uid
        grouped.setdefault(key, []).append(HeaderFile(path=one, header=header))
    return grouped, n_other, tuple(damaged)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(_files_in(path))
    else:
        raise InputError(
            f"{path.name}: there is no such folder or file; wanted DICOM files; check the path"
        )


def _files_in(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        # Passed over, the slices in it would be missing without a word.
        raise InputError(
            f"{folder.name}: a folder in it cannot be opened ({error.strerror}); wanted all of the "
            "series; change its permissions, or copy the series"
        ) from None

    for root, _, names in os.walk(folder, onerror=refuse):
        yield from (one for name in names if (one := Path(root, name)).is_file())


def _chosen(path: Path, grouped: dict[str, list[HeaderFile]], series_uid: str | None) -> str:
    if series_uid is not None:
        if series_uid not in grouped:
            raise UnknownNameError(f"series in {path.name}", series_uid, sorted(grouped))
        modality = _modality(grouped[series_uid])
        if modality in NOT_IMAGES:
            raise InputError(
                f"{path.name}: series {series_uid} is {modality}; wanted an image series; name the "
                "image, and give structures (SEG, RTSTRUCT) and doses (RTDOSE) as such"
            )
        return series_uid
    modalities = {uid: _modality(files) for uid, files in grouped.items()}
    images = [uid for uid, modality in modalities.items() if modality not in NOT_IMAGES]
    if len(images) == 1:
        return images[0]
    if not images:
        found = ", ".join(f"{n} {name}" for name, n in sorted(Counter(modalities.values()).items()))
        raise InputError(
            f"{path.name}: there is no image series ({found}); wanted a CT, PT or NM series; "
            "check the path"
        )
    listed = "; ".join(
        f"{modalities[uid]} of {len(grouped[uid])} files: {uid or '(no UID)'}"
        for uid in sorted(images)
    )
    raise InputError(
        f"{path.name}: {len(images)} image series ({listed}); wanted one; name it by its "
        "SeriesInstanceUID"
    )


def _modality(files: Sequence[HeaderFile]) -> str:
    text = optional_text(files[0].header, "Modality")
    return "unknown" if isinstance(text, Missing) else text


def _values(plan: SeriesPlan) -> NDArray[np.float32]:
    # Rows and Columns of a damaged header can be anything: the first file is decoded before room
    # is made for all.
    first, _, _ = plan.frames[0]
    decoded = first, frames(first)
    values = np.empty((len(plan.frames), plan.rows, plan.columns), np.float32)
    for k, (path, frame, mapping) in enumerate(plan.frames):
        if decoded[0] != path:
            decoded = path, frames(path)
        if not 0 <= frame < len(decoded[1]):
            raise InputError(
                f"{path.name}: {len(decoded[1])} frames of pixels; wanted at least {frame + 1}; "
                "copy or export the file again"
            )
        values[k] = mapping.applied(decoded[1][frame])
    return values
