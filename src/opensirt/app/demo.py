"""The demo: a digital patient with known truth, or the two public patients, end to end."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from opensirt.app.evaluate import RunOptions
from opensirt.app.read_case import read_case
from opensirt.app.run import REPORT_FOLDER, run_case
from opensirt.domain.case import Case
from opensirt.domain.record import CaseResult, TruthRow
from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError

_MARK = ".opensirt-demo"
"""File that says a folder was made by the demo, and may be made again."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DemoCase:
    """One case of the demo: its folder, its report's folder and what was found."""

    folder: Path
    report: Path
    result: CaseResult


def _fresh(folder: Path) -> Path:
    """Return the folder, empty; refuse to touch one that the demo did not make."""
    if folder.exists():
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / _MARK).is_file()):
            raise InputError(
                f"{folder.name} exists and was not made by the demo; name another folder with --out"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).write_text("made by opensirt demo; made again by the next one\n")
    return folder


def digital_demo(
    out: Path,
    site: SiteProfile,
    options: RunOptions,
    *,
    nuclide: str = "Y-90",
    seed: int = 1,
) -> DemoCase:
    """Make the digital patient of a seed, write its case, run it, compare with the truth.

    Raises
    ------
    InputError
        When `out` holds something else.
    UnknownNameError
        When there is no digital patient for that nuclide.
    """
    from opensirt.phantom.against_truth import truth_rows
    from opensirt.phantom.course import write_digital_case
    from opensirt.phantom.patient import digital_patient

    options.progress("digital patient")
    patient = digital_patient(seed=seed, nuclide=nuclide)
    folder = _fresh(out) / "case"
    folder.mkdir()
    write_digital_case(folder, patient)
    case = read_case(folder)

    def truth(read: Case, result: CaseResult) -> tuple[TruthRow, ...]:
        options.progress("truth")
        return truth_rows(patient, read, result)

    report = out / REPORT_FOLDER
    result = run_case(case, site, report, options, truth=truth, records=folder)
    return DemoCase(folder=folder, report=report, result=result)


def patients_demo(
    out: Path, site: SiteProfile, options: RunOptions, *, two_territories: bool = False
) -> tuple[DemoCase, ...]:
    """Run the two public patients, fetching their images when no folder names them.

    With `two_territories` the second one is there once more, its perfused volume in two halves as
    an example.

    Raises
    ------
    InputError
        When `out` holds something else, or an image cannot be had.
    """
    from opensirt.app.public_patients import write_cases
    from opensirt.app.public_patients.two_territories import write_two_territories

    folders = list(write_cases(_fresh(out), options.progress))
    if two_territories:
        options.progress("two territories")
        twice = out / f"{folders[-1].name}-two-territories"
        shutil.copytree(folders[-1], twice)
        write_two_territories(twice)
        folders.append(twice)
    made = []
    for folder in folders:
        options.progress(folder.name)
        report = folder / REPORT_FOLDER
        result = run_case(read_case(folder), site, report, options, records=folder)
        made.append(DemoCase(folder=folder, report=report, result=result))
    return tuple(made)
