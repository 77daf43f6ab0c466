"""The doses that lesions got: of a verification in memory, or of the latest record of one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opensirt.app.course_record import VERIFY, records_of
from opensirt.clinical.follow_up_record import LesionDose, Number
from opensirt.domain.missing import Missing
from opensirt.domain.record import Verification
from opensirt.errors import InputError


def measured_doses(verification: Verification | None) -> dict[str, LesionDose]:
    """Return label → dose of a verification's primary result; empty without one."""
    if verification is None:
        return {}
    made = verification.primary_result
    source = f"measured after treatment, {made.engine}, {made.calibration}"
    return {
        one.label: LesionDose(
            structure=one.label, mean_gy=one.mean_gy, d70_gy=one.d70_gy, source=source
        )
        for one in made.structures
    }


def recorded_doses(case_folder: Path) -> dict[str, LesionDose]:
    """Return label → dose of the latest verify record of a case folder; empty without one.

    Raises
    ------
    InputError
        When the record is damaged.
    """
    found = list(records_of(case_folder, VERIFY))
    if not found:
        return {}
    one = found[-1]
    try:
        return _doses(one.content, one.path.name)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"the record {one.path.name} is damaged ({error}); make a new one with "
            "`opensirt verify CASE`"
        ) from None


def _doses(content: Mapping[str, Any], name: str) -> dict[str, LesionDose]:
    dose = content["dose"]
    source = f"{name}: {dose['engine']}, {dose['calibration']}"
    return {
        one["label"]: LesionDose(
            structure=one["label"],
            mean_gy=_number(one["mean_gy"]),
            d70_gy=_number(one["d70_gy"]),
            source=source,
        )
        for one in dose["structures"]
    }


def _number(value: float | str) -> Number:
    return Missing(value) if isinstance(value, str) else float(value)
