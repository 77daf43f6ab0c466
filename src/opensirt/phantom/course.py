"""A digital patient as a case: in memory, and as a case folder like any other."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from opensirt.domain.case import Case, CaseImage, ImageRole, VisitSegments
from opensirt.domain.image import Event
from opensirt.domain.missing import Missing
from opensirt.domain.structure import StructureKind
from opensirt.errors import InputError
from opensirt.files.write import write_label_map_seg_nrrd, write_nifti
from opensirt.phantom.parameters import parameters
from opensirt.phantom.patient import DigitalPatient
from opensirt.units import BQ_PER_MBQ, GRAMS_PER_KG
from opensirt.whole_file import whole_file

_CT, _SCOUT, _TREATMENT, _STRUCTURES = (
    "ct.nii.gz",
    "scout.nii.gz",
    "treatment.nii.gz",
    "structures.seg.nrrd",
)


def case_key(patient: DigitalPatient) -> str:
    """Return the pseudonym of a digital patient.

    >>> from types import SimpleNamespace
    >>> case_key(SimpleNamespace(nuclide="Y-90", seed=1))
    'digital-patient-y90-seed1'
    """
    return f"digital-patient-{patient.nuclide.replace('-', '').lower()}-seed{patient.seed}"


def digital_case(patient: DigitalPatient) -> Case:
    """Return the case that reading the folder of `write_digital_case` gives, without files."""
    return Case(
        key=case_key(patient),
        images=(
            CaseImage(id="ct", role=ImageRole.CT, image=patient.ct, source=_CT),
            CaseImage(
                id="scout",
                role=ImageRole.SCOUT,
                image=patient.scout,
                source=_SCOUT,
                resolution_fwhm_mm=patient.scout_fwhm_mm,
            ),
            CaseImage(
                id="treatment",
                role=ImageRole.VERIFICATION,
                image=patient.treatment,
                source=_TREATMENT,
                resolution_fwhm_mm=patient.treatment_fwhm_mm,
            ),
        ),
        structures=patient.structures,
        patient=patient.patient,
        tissue=patient.tissue,
        territories=patient.territories,
        prescription=patient.prescription,
        administration=patient.administration,
        other_blocks={
            "disease": dict(patient.disease),
            "labs": [dict(one) for one in patient.labs],
            "prior_treatments": [dict(one) for one in patient.prior_treatments],
            **_later_blocks(patient),
        },
        visit_segments=(_outlined(patient),),
    )


def write_digital_case(folder: Path, patient: DigitalPatient) -> Path:
    """Write a digital patient as a case folder and return the path of its ``case.toml``.

    Everything that the phantom knows is stated and nothing is marked as assumed; the truth is
    not in the folder. The same patient gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_nifti(folder / _CT, patient.ct)
    write_nifti(folder / _SCOUT, patient.scout)
    write_nifti(folder / _TREATMENT, patient.treatment)
    write_label_map_seg_nrrd(folder / _STRUCTURES, patient.structures)
    path = folder / "case.toml"
    with whole_file(path) as part:
        part.write_text(_case_text(patient), encoding="utf-8")
    return path


def _lesions_drawn(patient: DigitalPatient) -> tuple[str, ...]:
    """Return the ids of the lesions of the follow-up that are structures."""
    labels = {one.label for one in patient.structures}
    listed = patient.course["follow_up"]["lesions"]
    return tuple(one["id"] for one in listed if one["id"] in labels)


def _later_blocks(patient: DigitalPatient) -> dict[str, Any]:
    """Return the blocks of the follow-up, its baseline measured from the structures."""
    blocks = {name: block for name, block in patient.course.items() if name != "follow_up"}
    follow_up = dict(patient.course["follow_up"])
    first, *later = follow_up["visits"]
    outlines = {
        "path": _STRUCTURES,
        "frame": parameters()["frame"],
        "lesions": {name: name for name in _lesions_drawn(patient)},
        "tumours": ["tumour *"],
        "liver": StructureKind.LIVER.value,
    }
    follow_up["visits"] = [{**first, "segmentations": [outlines]}, *later]
    return {**blocks, "follow_up": follow_up}


def _outlined(patient: DigitalPatient) -> VisitSegments:
    """Return the structures as the outlines of the baseline visit."""
    tumours = [one.mask for one in patient.structures.of_kind(StructureKind.TUMOUR)]
    together = np.logical_or.reduce([one.values for one in tumours])
    return VisitSegments(
        on=patient.course["follow_up"]["visits"][0]["on"],
        lesions={name: patient.structures.labelled(name).mask for name in _lesions_drawn(patient)},
        tumours=tumours[0].with_values(together),
        liver=patient.structures.labelled(StructureKind.LIVER.value).mask,
        source=_STRUCTURES,
    )


def _case_text(patient: DigitalPatient) -> str:
    facts, given = patient.patient, patient.administration
    lines = [
        "# A digital patient of OpenSIRT: drawn and computed, no person's data. Clinical facts are",
        "# examples. The truth behind the images is known to the program that made them.",
        *_table("", {"schema": "opensirt/case/1", "key": case_key(patient)}),
        *_table(
            "[patient]",
            {"height_cm": facts.height_cm, "weight_kg": facts.weight_kg, "sex": facts.sex},
        ),
        *_images(patient),
        *_table(
            "[[structures]]",
            {"path": _STRUCTURES, "frame": parameters()["frame"], "labels": _labels(patient)},
        ),
        *_table(
            "[tissue]",
            {
                "liver_density_g_per_ml": _times(
                    patient.tissue.liver_density_kg_per_ml, GRAMS_PER_KG
                ),
                "lung_mass_kg": patient.tissue.lung_mass_kg,
            },
        ),
    ]
    for one in patient.territories:
        lines += _table(
            "[[territories]]",
            {
                "name": one.name,
                "perfused_volume": one.perfused_volume,
                "vessel": one.vessel,
                "catheter_position": one.catheter_position,
            },
        )
    lines += _table(
        "[prescription]",
        {
            "device": patient.prescription.device,
            "model": patient.prescription.model,
            "limits": _in_gy(patient.prescription.limits_gy),
            "targets": {
                device: _in_gy(one) for device, one in patient.prescription.targets_gy.items()
            },
        },
    )
    lines += _table(
        "[administration]",
        {
            "device": given.device,
            "administered_activity_mbq": _times(given.administered_activity_bq, 1 / BQ_PER_MBQ),
            "administered_at": given.administered_at,
            "dispensed_activity_mbq": _times(given.dispensed_activity_bq, 1 / BQ_PER_MBQ),
            "residual_activity_mbq": _times(given.residual_activity_bq, 1 / BQ_PER_MBQ),
        },
    )
    lines += _table("[disease]", patient.disease)
    for entry in patient.prior_treatments:
        lines += _table("[[prior_treatments]]", entry)
    for entry in patient.labs:
        lines += _table("[[labs]]", entry)
    for name, block in _later_blocks(patient).items():
        entries = block if isinstance(block, list) else [block]
        for one in entries:
            lines += _table(f"[[{name}]]" if isinstance(block, list) else f"[{name}]", one)
    return "\n".join(lines).lstrip("\n") + "\n"


def _images(patient: DigitalPatient) -> list[str]:
    scout, treatment = patient.scout, patient.treatment
    if treatment.reference_at is not Event.ACQUISITION:
        raise InputError("the treatment image of a digital patient refers to its acquisition")
    frame = parameters()["frame"]
    return [
        *_table(
            "[[images]]", {"id": "ct", "role": "ct", "path": _CT, "unit": "HU", "frame": frame}
        ),
        *_table(
            "[[images]]",
            {
                "id": "scout",
                "role": "scout",
                "path": _SCOUT,
                "unit": "counts",
                "radionuclide": scout.radionuclide,
                "acquired_at": scout.acquired_at,
                "duration_s": scout.duration_s,
                "resolution_fwhm_mm": patient.scout_fwhm_mm,
                "frame": frame,
            },
        ),
        *_table(
            "[[images]]",
            {
                "id": "treatment",
                "role": "verification",
                "path": _TREATMENT,
                "unit": "Bq/mL",
                "radionuclide": treatment.radionuclide,
                "reference": treatment.reference_at.value,
                "acquired_at": treatment.acquired_at,
                "resolution_fwhm_mm": patient.treatment_fwhm_mm,
                "frame": frame,
            },
        ),
    ]


def _labels(patient: DigitalPatient) -> dict[str, str]:
    """Map every label, or the pattern of the tumours' labels, to its kind."""
    labels: dict[str, str] = {}
    for one in patient.structures:
        pattern = "tumour *" if one.kind is StructureKind.TUMOUR else one.label
        labels[pattern] = one.kind.value
    return labels


def _in_gy(doses: Mapping[str, float]) -> dict[str, float]:
    return {f"{name}_gy": dose for name, dose in doses.items()}


def _times(value: float | Missing, factor: float) -> float | Missing:
    # Twelve digits: what a factor of ten leaves behind a decimal fraction is no information.
    return value if isinstance(value, Missing) else float(f"{value * factor:.12g}")


def _table(header: str, entries: Mapping[str, Any]) -> list[str]:
    """Return a TOML table; what is missing is left out."""
    stated = {key: one for key, one in entries.items() if not isinstance(one, Missing)}
    return [
        "",
        *([header] if header else []),
        *(f"{key} = {_toml(one)}" for key, one in stated.items()),
    ]


def _toml(value: object) -> str:
    """Return a value as TOML spells it.

    >>> _toml({"tumour *": ["a", 2.5, True]})
    '{ "tumour *" = ["a", 2.5, true] }'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    raise InputError(f"a {type(value).__name__} has no place in a case file")


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _toml(name)
