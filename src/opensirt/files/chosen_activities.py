"""Activities written into [prescription] of a case.toml, and nothing else changed."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from opensirt.domain.missing import Missing
from opensirt.domain.optimised_plan import ActivityConstraints
from opensirt.errors import InputError
from opensirt.files.case_file import CASE_FILE_NAME, CaseFile
from opensirt.files.toml_document import validated

_HEADER = re.compile(
    r"^[ \t]*\[[ \t]*prescription[ \t]*\][ \t]*(?:#[^\r\n]*)?(?P<end>\r?\n|$)", re.MULTILINE
)


def with_activities(
    text: str,
    activities_mbq: Mapping[str, float],
    origin: str,
    constraints: ActivityConstraints | None = None,
) -> str:
    """Return a case.toml with activities and their origin below the header of [prescription].

    Every other character stays as it is.

    Parameters
    ----------
    activities_mbq
        Territory → activity to administer, written to a tenth of an MBq.
    origin
        Where they come from, in words.
    constraints
        What they were chosen to keep beside limits.

    Raises
    ------
    InputError
        When the case states activities already, [prescription] is not a table of its own, or an
        activity is not plausible.
    """
    stated = tomllib.loads(text)
    prescription = stated.get("prescription", {})
    if "activities_mbq" in prescription:
        raise InputError(
            f"{CASE_FILE_NAME} states activities_mbq already; take activities_mbq and what "
            "belongs to it (activities_origin, activities_constraints) out of [prescription] to "
            "choose again"
        )
    listed = ", ".join(
        f"{json.dumps(name, ensure_ascii=False)} = {mbq:.1f}"
        for name, mbq in activities_mbq.items()
    )
    lines = [
        f"activities_mbq = {{ {listed} }}",
        f"activities_origin = {json.dumps(origin, ensure_ascii=False)}",
        *_constraint_lines(constraints),
    ]
    wanted = {**stated, "prescription": {**prescription, **tomllib.loads("\n".join(lines))}}
    for header in _HEADER.finditer(text):
        end = header["end"] or "\n"
        before = text[: header.end()] + ("" if header["end"] else end)
        made = before + "".join(line + end for line in lines) + text[header.end() :]
        try:
            same = tomllib.loads(made) == wanted
        except tomllib.TOMLDecodeError:
            same = False
        if same:
            validated(CaseFile, wanted, Path(CASE_FILE_NAME))
            return made
    raise InputError(
        f"{CASE_FILE_NAME} has no [prescription] header of its own that activities could be "
        f"written below; add to the prescription by hand: {'; '.join(lines)}"
    )


def _constraint_lines(constraints: ActivityConstraints | None) -> list[str]:
    """Return the line of what activities are to keep, if any."""
    if constraints is None:
        return []
    parts = [
        f"{key} = {value!r}"
        for key, value in (
            ("spheres_per_ml", constraints.spheres_per_ml_at_most),
            ("activity_per_sphere_bq", constraints.activity_per_sphere_bq),
        )
        if not isinstance(value, Missing)
    ]
    robust = constraints.robust
    if robust is not None and robust.chances:
        chances = ", ".join(f"{json.dumps(key)} = {part!r}" for key, part in robust.chances.items())
        parts += [
            f"chances = {{ {chances} }}",
            f"scenarios = {robust.n_scenarios}",
            f"seed = {robust.seed}",
        ]
    return [f"activities_constraints = {{ {', '.join(parts)} }}"]
