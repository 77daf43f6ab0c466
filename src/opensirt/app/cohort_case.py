"""One case of a batch: loaded by hash on a worker, its dose as one small row."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from opensirt.errors import OpenSirtError, StoreError
from opensirt.files.site_file import SITE_FILE_NAME

if TYPE_CHECKING:
    from opensirt.cohort.batch import BatchTask
    from opensirt.domain.record import StructureDose

_FIGURES = (
    "volume_ml",
    "mass_kg",
    "activity_bq",
    "mean_gy",
    "min_gy",
    "max_gy",
    "d95_gy",
    "d70_gy",
    "d50_gy",
    "d5_gy",
    "bed_gy",
    "eqd2_gy",
)


def dose_row(task: "BatchTask") -> dict[str, Any]:
    """Return the delivered dose of one case, or why there is none.

    Only errors of ours become rows: anything else is a fault of the program and stops the batch.
    """
    from opensirt.cohort.batch import head_of

    try:
        return {**head_of(task), "outcome": "done", **_dose(task)}
    except OpenSirtError as error:
        said = {"kind": type(error).__name__, "text": str(error)}
        return {**head_of(task), "outcome": "failed", "error": said}


def _dose(task: "BatchTask") -> dict[str, Any]:
    from opensirt.app.plain import plain
    from opensirt.app.read_case import read_case
    from opensirt.app.site import SiteInForce, site_in_force
    from opensirt.app.software import software_versions
    from opensirt.domain.site_defaults import default_site_profile
    from opensirt.workflow.verify import verify

    with tempfile.TemporaryDirectory(prefix="opensirt-") as folder:
        case_folder = _laid_out(task, Path(folder))
        own = case_folder / SITE_FILE_NAME
        # Never the profile of the worker's user: the batch has one, named where it began.
        site = (
            site_in_force(given=own) if own.is_file() else SiteInForce(default_site_profile(), None)
        )
        case = read_case(case_folder, zone=site.zone)
        made = verify(
            case,
            site.profile,
            engine=task.engine,
            made_at=datetime.now(UTC),
            software=software_versions(),
        )
    result = made.primary_result
    return {
        "calibration": result.calibration,
        "radionuclide": result.radionuclide,
        "data_set": result.data_set,
        "site": site.profile.name,
        "structures": [_structure(one) for one in result.structures],
        "findings": [
            {"severity": one.severity.value, "rule": one.rule, "text": one.text}
            for one in (*case.findings, *made.findings)
        ],
        "software": plain(software_versions()),
    }


def _laid_out(task: "BatchTask", folder: Path) -> Path:
    """Lay the case out as it was, every file proved by its hash, and return its folder."""
    from opensirt.store.images import take_image

    for name, sha256 in task.files:
        take_image(Path(task.images), sha256, folder.joinpath(*_safe(name)))
    case_file = folder.joinpath(*_safe(task.file_name))
    case_file.parent.mkdir(parents=True, exist_ok=True)
    case_file.write_bytes(task.content.encode())
    site = case_file.parent / SITE_FILE_NAME
    if task.site is not None and not site.exists():
        site.write_text(task.site, encoding="utf-8")
    return case_file.parent


def _safe(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise StoreError(f"a case in the store names the file {name!r}, which leaves its folder")
    return parts


def _structure(one: "StructureDose") -> dict[str, Any]:
    from opensirt.app.plain import plain

    return {
        "label": one.label,
        "kind": one.kind.value,
        **{name: plain(getattr(one, name)) for name in _FIGURES},
        "radiobiology_status": "verified" if one.radiobiology_verified else "unverified",
    }
