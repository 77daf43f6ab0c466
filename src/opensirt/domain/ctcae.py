"""Versions and grades of the Common Terminology Criteria for Adverse Events."""

from dataclasses import dataclass
from enum import Enum

from opensirt.domain.citation import Citation
from opensirt.domain.missing import Missing

HIGHEST_GRADE = 5
"""Death."""


class CtcaeVersion(Enum):
    """A version; grades of different versions are never compared or pooled."""

    V4_03 = "v4.03"
    V5 = "v5"
    V6 = "v6"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryGrade:
    """The grade that a number has in one version.

    `grade` is a `Missing` when an absent input could change it; `lowest` and `highest` then say
    what the known inputs allow. `beyond` is what the criteria hold that no number decides.
    """

    term: str
    version: CtcaeVersion
    grade: int | Missing
    lowest: int
    highest: int
    missing: tuple[str, ...]
    citation: Citation
    beyond: str = ""
