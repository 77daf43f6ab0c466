"""SUL of FDG scans that were read in SUV: the same uptake per lean body mass."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opensirt.clinical.liver_function.meld import Sex
from opensirt.clinical.response.lean_body_mass import lean_body_mass_kg
from opensirt.domain.citation import citation_of
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.patient_record import FdgScan
from opensirt.errors import InputError, MissingInputError
from opensirt.reference.table import read_table

Number = float | Missing

SUV_OF_SUL = {
    "sul_peak": "suv_peak",
    "liver_mean_sul": "liver_mean_suv",
    "liver_deviation_sul": "liver_deviation_suv",
    "blood_pool_mean_sul": "blood_pool_mean_suv",
    "blood_pool_deviation_sul": "blood_pool_deviation_suv",
    "total_lesion_glycolysis_g": "total_lesion_glycolysis_suv_g",
}
"""Field of an `FdgScan` in SUL → the same quantity in SUV."""


def with_sul(
    scans: Sequence[FdgScan],
    *,
    weight_kg: Number,
    height_cm: Number,
    sex: Sex | Missing,
    variant: str,
) -> tuple[tuple[FdgScan, ...], tuple[Finding, ...]]:
    """Return scans with SUL in place of SUV, and one finding for each that was computed.

    SUL = SUV × lean body mass / body weight. The weight and height of the scan come before
    `weight_kg` and `height_cm`, those of the patient. Scans that state SUL stay as they are.

    Raises
    ------
    MissingInputError
        When a scan states SUV and weight, height or sex is not known.
    InputError
        When a scan states one quantity in SUL and in SUV.
    UnknownNameError
        When there is no such variant of lean body mass.
    """
    made = [
        _scan(one, weight_kg=weight_kg, height_cm=height_cm, sex=sex, variant=variant)
        for one in scans
    ]
    return tuple(scan for scan, _ in made), tuple(said for _, said in made if said is not None)


def _scan(
    scan: FdgScan, *, weight_kg: Number, height_cm: Number, sex: Sex | Missing, variant: str
) -> tuple[FdgScan, Finding | None]:
    stated = {
        sul: getattr(scan, suv)
        for sul, suv in SUV_OF_SUL.items()
        if not isinstance(getattr(scan, suv), Missing)
    }
    if not stated:
        return scan, None
    where = f"FDG scan of {scan.on}"
    twice = [sul for sul in stated if not isinstance(getattr(scan, sul), Missing)]
    if twice:
        raise InputError(
            f"{where} states {twice[0]} and {SUV_OF_SUL[twice[0]]}; keep the one that was measured"
        )
    weight, height = _own(scan.weight_kg, weight_kg), _own(scan.height_cm, height_cm)
    if isinstance(weight, Missing) or isinstance(height, Missing) or isinstance(sex, Missing):
        absent = [
            name
            for name, one in (("weight", weight), ("height", height), ("sex (female or male)", sex))
            if isinstance(one, Missing)
        ]
        raise MissingInputError(
            f"{' and no '.join(absent)} to compute SUL from SUV",
            where=where,
            remedy="state weight_kg and height_cm of the scan or of [patient], and sex of "
            "[patient]; or give the scan in SUL",
        )
    mass = lean_body_mass_kg(weight_kg=weight, height_cm=height, sex=sex, variant=variant)
    factor = mass / weight
    known: dict[str, Any] = {sul: suv * factor for sul, suv in stated.items()}
    entry = read_table("response_criteria")["lean_body_mass"][variant]
    citation = citation_of(entry, where=f"response_criteria.toml lean_body_mass.{variant}")
    of_whom = "the patient" if isinstance(scan.weight_kg, Missing) else "the day of the scan"
    text = (
        f"{where}: SUL computed as {factor:.3f} × SUV, lean body mass {mass:.1f} kg by {variant} "
        f"({sex.value}, {weight:g} kg, {height:g} cm; weight of {of_whom})"
    )
    said = Finding(
        Severity.NOTE, "sul_from_suv", text, factor, None, citation.source, citation.verified
    )
    return replace(scan, **known), said


def _own(of_scan: Number, of_patient: Number) -> Number:
    return of_patient if isinstance(of_scan, Missing) else of_scan
