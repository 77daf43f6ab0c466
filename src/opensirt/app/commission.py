"""The acceptance suite on this machine, what changed since the last time, and a signed report."""

import math
import os
import platform
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from opensirt.app.evaluate import RunOptions, evaluate
from opensirt.app.read_case import read_case
from opensirt.app.software import software_versions
from opensirt.domain.acceptance import (
    Acceptance,
    Change,
    Check,
    Outcome,
    changes,
    require_unique,
)
from opensirt.domain.missing import Missing
from opensirt.domain.record import Verification
from opensirt.domain.site import SiteProfile
from opensirt.domain.site_defaults import default_site_profile
from opensirt.errors import InputError
from opensirt.files.acceptance_file import (
    ACCEPTANCE_NAME,
    read_acceptance,
    write_acceptance,
)
from opensirt.files.phantom_file import PHANTOM_FILE_NAME, read_phantom_file
from opensirt.files.signing_key import new_signing_key, read_signing_key
from opensirt.reference.constant import constant
from opensirt.workflow.verify import AS_IMAGED

PATIENTS = ("Y-90", "Ho-166")
"""Nuclides of the digital patients that are carried from images to report."""

_WATCHED = ("workup", "plan", "dose")
_KEY_NAME = "acceptance-key.pem"


@dataclass(frozen=True, kw_only=True)
class CommissionRequest:
    """What the `commission` command was asked.

    Parameters
    ----------
    out
        Folder of the report; an earlier report in it is what this one is compared with.
    by
        Name of the person who accepts.
    made_at
        Now, with its zone.
    phantom
        Case folder of the site's own phantom, with its phantom.toml.
    key
        File of the site's key; the user's own, made when there is none, where not given.
    """

    out: Path
    by: str
    made_at: datetime
    phantom: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Commissioning:
    """A suite that was run."""

    acceptance: Acceptance
    paths: tuple[Path, ...]

    @property
    def passed(self) -> bool:
        """Whether every check that has a reference is within its tolerance."""
        return not any(one.outcome is Outcome.FAIL for one in self.acceptance.checks)


def commission(
    request: CommissionRequest, *, progress: Callable[[str], None] = lambda _: None
) -> Commissioning:
    """Run every check, compare with the earlier report, and write a signed one.

    Raises
    ------
    InputError
        When there is no name, the earlier report was changed after it was signed, or the phantom
        cannot be used; nothing is written then.
    """
    if not request.by.strip():
        raise InputError("an acceptance report names who accepts: give your name with --by")
    earlier_path = request.out / ACCEPTANCE_NAME
    earlier = read_acceptance(earlier_path) if earlier_path.exists() else None
    checks = require_unique(_all_checks(request.phantom, request.made_at, progress))
    found: tuple[Change, ...] = ()
    if earlier is not None:
        found = changes(
            {one.name: one.found for one in earlier.checks},
            checks,
            relative_at_least=constant("commissioning", "change", "relative").value,
        )
    made = Acceptance(
        by=request.by.strip(),
        made_at=request.made_at,
        software=software_versions(),
        machine=_machine(),
        checks=checks,
        earlier_made_at=Missing.NOT_DONE if earlier is None else earlier.made_at,
        earlier_software=Missing.NOT_DONE if earlier is None else earlier.software["opensirt"],
        earlier_sha256=Missing.NOT_DONE if earlier is None else earlier.sha256,
        changes=found,
    )
    progress("report")
    key = read_signing_key(_key_path(request.key))
    return Commissioning(
        acceptance=made, paths=write_acceptance_report(request.out, made, key, request.made_at)
    )


def write_acceptance_report(
    folder: Path,
    made: Acceptance,
    key: Any,  # noqa: ANN401 - a key of cryptography, which is imported late
    made_at: datetime,
) -> tuple[Path, ...]:
    """Write the report for people and, last, the signed file; each is whole or not there."""
    from opensirt.report.acceptance import write_acceptance_pages

    folder.mkdir(parents=True, exist_ok=True)
    signed = write_acceptance(folder / ACCEPTANCE_NAME, made, key)
    return (*write_acceptance_pages(folder, signed, made_at), folder / ACCEPTANCE_NAME)


def _key_path(given: Path | None) -> Path:
    if given is not None:
        return given
    from platformdirs import user_config_path

    path = user_config_path("opensirt") / _KEY_NAME
    if not path.exists():
        new_signing_key(path)
    return path


def _machine() -> Mapping[str, str]:
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "processors": str(os.cpu_count() or 1),
    }


def _all_checks(
    phantom: Path | None, made_at: datetime, progress: Callable[[str], None]
) -> Iterator[Check]:
    from opensirt.phantom.commission import SUITE

    site = default_site_profile()
    if phantom is not None:  # first: a phantom that cannot be used is told before minutes are spent
        progress("the site's phantom")
        yield from _phantom_checks(phantom, made_at)
    for group, made in SUITE.items():
        progress(group)
        yield from made()
    for nuclide in PATIENTS:
        progress(f"digital patient ({nuclide})")
        yield from _patient_checks(nuclide, site, made_at)


def _patient_checks(nuclide: str, site: SiteProfile, made_at: datetime) -> Iterator[Check]:
    """Yield what is promised of the digital patient, and every number of its results."""
    from opensirt.phantom.against_truth import truth_rows
    from opensirt.phantom.course import write_digital_case
    from opensirt.phantom.parameters import parameters
    from opensirt.phantom.patient import digital_patient
    from opensirt.report.results import results_document

    patient = digital_patient(seed=1, nuclide=nuclide)
    with tempfile.TemporaryDirectory(prefix="opensirt-commission-") as work:
        write_digital_case(Path(work), patient)
        case = read_case(Path(work))
    result = evaluate(case, site, RunOptions(made_at=made_at))
    group = f"digital patient ({nuclide})"
    rules = parameters()["acceptance"]
    for row in truth_rows(patient, case, result):
        if isinstance(row.estimated, Missing) or not row.tolerance:
            continue
        allowed = (
            float(rules["lung_shunt_points"])
            if row.tolerance.endswith("points")
            else float(row.tolerance.removesuffix("%")) / 100.0 * row.true
        )
        yield Check(
            name=f"digital_patient/{nuclide}/truth/{row.quantity}",
            group=group,
            quantity=f"{row.quantity}, estimated from the images",
            unit=row.unit or "1",
            found=row.estimated,
            wanted=row.true,
            tolerance=allowed,
            source="truth of the digital patient",
        )
    document = results_document(case, result)
    for part in _WATCHED:
        for path, value in _numbers(document.get(part, {}), part):
            yield Check(
                name=f"digital_patient/{nuclide}/{path}",
                group=group,
                quantity=path,
                unit="",
                found=value,
            )


def _numbers(value: object, path: str) -> Iterator[tuple[str, float]]:
    """Yield every number of a document with the way to it; rows go by their names."""
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield path, float(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}")
    elif isinstance(value, list):
        names = [_name_of(one, index) for index, one in enumerate(value)]
        twice = {name for name, n in Counter(names).items() if n > 1}
        for index, (name, inner) in enumerate(zip(names, value, strict=True)):
            told = f"{name}#{index}" if name in twice else name
            yield from _numbers(inner, f"{path}[{told}]")


def _name_of(one: object, index: int) -> str:
    """Return what tells a row from its neighbours, wherever it stands."""
    if isinstance(one, Mapping):
        words = [
            str(one[key])
            for key in ("device", "model", "territory", "label", "name", "id", "quantity")
            if isinstance(one.get(key), str)
        ]
        if words:
            return " ".join(words)
    return str(index)


def _phantom_checks(folder: Path, made_at: datetime) -> Iterator[Check]:
    """Yield the activities of the site's own phantom beside what it was filled with."""
    case = read_case(folder)
    known = read_phantom_file((folder if folder.is_dir() else folder.parent) / PHANTOM_FILE_NAME)
    result = evaluate(case, default_site_profile(), RunOptions(made_at=made_at, step="verify"))
    measured = result.verification
    assert isinstance(measured, Verification)  # noqa: S101 - the step was asked for
    group = f"phantom of the site ({known.name})"
    imaged_bq = measured.imaged_activity_bq
    if known.total_activity_bq is not None and not isinstance(imaged_bq, Missing):
        allowed = known.total_tolerance_fraction
        if allowed is None:
            allowed = constant("commissioning", "site_phantom", "total").value
        yield Check(
            name="site_phantom/total",
            group=group,
            quantity="activity in the image",
            unit="Bq",
            found=imaged_bq,
            wanted=known.total_activity_bq,
            tolerance=allowed * known.total_activity_bq,
            source=PHANTOM_FILE_NAME,
        )
    imaged = next(one for one in measured.results if one.calibration == AS_IMAGED)
    rows = {one.label: one for one in imaged.structures}
    for one in known.concentrations:
        if one.label not in rows:
            raise InputError(
                f"{PHANTOM_FILE_NAME} names the structure {one.label!r}, which the case does not "
                f"have; found {', '.join(map(repr, rows))}"
            )
        expected = one.activity_bq_per_ml * one.recovery_coefficient
        found = rows[one.label].mean_activity_bq_per_ml
        yield Check(
            name=f"site_phantom/{one.label}",
            group=group,
            quantity=f"{one.label}: activity concentration",
            unit="Bq/mL",
            found=found if math.isfinite(found) else float("nan"),
            wanted=expected,
            tolerance=one.tolerance_fraction * expected,
            source=PHANTOM_FILE_NAME,
        )
