"""The mapping file of an import: which column is what, in which unit, under which codes."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from opensirt.domain.ctcae import CtcaeVersion
from opensirt.domain.laboratory import Analyte, factor_to_inside
from opensirt.domain.lesion import LesionKind
from opensirt.domain.patient_record import Disease, TreatmentKind, VitalState
from opensirt.files.mapping_block import Dated, Reading
from opensirt.files.scan_columns import (
    FdgScanColumns,
    HepatobiliaryScanColumns,
    LiverColumns,
    ScanColumns,
)
from opensirt.files.toml_document import Block, read_toml, validated
from opensirt.files.toml_values import Name, one_of

MAPPING_SCHEMA = "opensirt/import/1"

_Analyte = Annotated[Analyte, *one_of(Analyte)]
_Version = Annotated[CtcaeVersion, *one_of(CtcaeVersion)]
_Treatment = Annotated[TreatmentKind, *one_of(TreatmentKind)]
_State = Annotated[VitalState, *one_of(VitalState)]
_Kind = Annotated[LesionKind, *one_of(LesionKind)]
Answer = bool | float | str


class LaboratoryColumn(Dated):
    """One analyte in one unit."""

    column: Name
    analyte: _Analyte = Field(description="such as bilirubin")
    unit: str = Field(description="unit of the column, and of its limits of normal")
    lower_limit: float | None = Field(default=None, description="limit of normal, in the unit")
    upper_limit: float | None = Field(default=None, description="limit of normal, in the unit")
    lower_limit_column: Name | None = None
    upper_limit_column: Name | None = None
    assay: str = ""

    @model_validator(mode="after")
    def _unit_exists(self) -> Self:
        factor_to_inside(self.analyte, self.unit)
        return self


class EcogColumn(Dated):
    """ECOG performance status."""

    column: Name


class SymptomColumns(Dated):
    """One symptom: how often a day, its grade, or both; 0 is none."""

    name: Name = Field(description='such as "flushing" or "diarrhoea"')
    per_day: Name | None = Field(default=None, description="column: episodes or stools a day")
    ctcae_grade: Name | None = Field(default=None, description="column of the grade")

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if self.per_day is None and self.ctcae_grade is None:
            raise ValueError("per_day or ctcae_grade is wanted")
        return self


class AdverseEventColumns(Dated):
    """Adverse events; a grade of 0 is no event."""

    grade: Name = Field(description="column of the grade")
    term: Name | None = Field(default=None, description="the term, where all rows have one")
    term_column: Name | None = None
    terms: dict[str, str] = Field(default_factory=dict, description="code = term")
    version: _Version
    until: Name | None = Field(default=None, description="column of the last day")
    after_treatment: bool = True

    @model_validator(mode="after")
    def _one_term(self) -> Self:
        if (self.term is None) is (self.term_column is None):
            raise ValueError("either term or term_column is wanted")
        return self


class TreatmentColumns(Reading):
    """One kind of earlier treatment."""

    kind: _Treatment
    column: Name | None = Field(default=None, description="whether it was given; see codes")
    codes: dict[str, bool] = Field(default_factory=lambda: {"1": True, "0": False})
    first_on: Name | None = None
    last_on: Name | None = None
    cycles: Name | None = None
    activity_gbq: Name | None = None

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if self.column is None and self.first_on is None:
            raise ValueError("column or first_on is wanted: else every row had the treatment")
        return self


class FactColumn(Reading):
    """One fact of `clinical_facts`, or one field of the disease."""

    column: Name
    codes: dict[str, Answer] | None = Field(
        default=None, description="code = answer; without it a number"
    )
    factor: float = Field(default=1.0, description="0.01 turns percent into a fraction")


class EnteredFact(FactColumn):
    """A fact by its name."""

    fact: Name


class VitalColumns(Dated):
    """Dead or alive, with the day of death or of the last contact."""

    column: Name
    codes: dict[str, _State]


class FormColumns(Dated):
    """Answers of one questionnaire."""

    questionnaire: Name
    items: dict[str, Name] = Field(description="item number = column")

    @model_validator(mode="after")
    def _items_are_numbers(self) -> Self:
        wrong = [one for one in self.items if not one.isdigit()]
        if wrong:
            raise ValueError(f"items are numbers; found {', '.join(wrong)}")
        return self


class LesionColumns(Dated):
    """Sizes of one lesion, or of a sum of targets, at one visit."""

    lesion: Name
    organ: Name = "liver"
    kind: _Kind = LesionKind.MASS
    baseline: bool = Field(default=False, description="whether this is the visit before treatment")
    longest_diameter_mm: Name | None = None
    perpendicular_mm: Name | None = None
    short_axis_mm: Name | None = None
    viable_diameter_mm: Name | None = None
    viable_perpendicular_mm: Name | None = None
    volume_ml: Name | None = None
    attenuation_hu: Name | None = None
    new_lesion: Name | None = Field(default=None, description="column: whether a lesion is new")
    new_lesion_codes: dict[str, bool] = Field(default_factory=lambda: {"1": True, "0": False})
    assume_no_new_lesion: bool = False

    @property
    def sizes(self) -> dict[str, str]:
        """Field of a `Sight` → column."""
        names = (
            "longest_diameter_mm",
            "perpendicular_mm",
            "short_axis_mm",
            "viable_diameter_mm",
            "viable_perpendicular_mm",
            "volume_ml",
            "attenuation_hu",
        )
        return {one: getattr(self, one) for one in names if getattr(self, one) is not None}

    @model_validator(mode="after")
    def _has_sizes(self) -> Self:
        if not self.sizes:
            raise ValueError("at least one size is wanted, such as longest_diameter_mm")
        return self


_DISEASE = tuple(Disease.__dataclass_fields__)


class ClinicalMapping(Block):
    """How one table becomes patient records."""

    schema_: Literal["opensirt/import/1"] = Field(alias="schema", description=f'"{MAPPING_SCHEMA}"')
    key: Name = Field(description="column of the pseudonym; nothing that identifies the patient")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    sheet: str | None = Field(default=None, description="sheet of an Excel file with several")
    date_formats: list[Name] = Field(default_factory=lambda: ["%Y-%m-%d"])
    missing: list[str] = Field(
        default_factory=list, description='texts that mean nothing, such as "NA"'
    )
    ignore: list[str] = Field(default_factory=list, description="columns left out on purpose")
    treated_on: Name | None = Field(default=None, description="column of the day of treatment")
    treated_on_date: date | None = Field(default=None, description="one day for all: assumed")
    birth_year: FactColumn | None = None
    disease: dict[str, FactColumn] = Field(default_factory=dict)
    labs: list[LaboratoryColumn] = Field(default_factory=list)
    performance: list[EcogColumn] = Field(default_factory=list)
    adverse_events: list[AdverseEventColumns] = Field(default_factory=list)
    symptoms: list[SymptomColumns] = Field(default_factory=list)
    assume_treatments_complete: bool = Field(
        default=False, description="every earlier treatment is in the table: an assumption"
    )
    treatments: list[TreatmentColumns] = Field(default_factory=list)
    facts: list[EnteredFact] = Field(default_factory=list)
    vital_status: VitalColumns | None = None
    forms: list[FormColumns] = Field(default_factory=list)
    lesions: list[LesionColumns] = Field(default_factory=list)
    liver: list[LiverColumns] = Field(default_factory=list)
    fdg_scans: list[FdgScanColumns] = Field(default_factory=list)
    hepatobiliary_scans: list[HepatobiliaryScanColumns] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fields_exist(self) -> Self:
        unknown = sorted(set(self.disease) - set(_DISEASE))
        if unknown:
            raise ValueError(
                f"the disease has no {', '.join(unknown)}; it has {', '.join(_DISEASE)}"
            )
        if self.treated_on is not None and self.treated_on_date is not None:
            raise ValueError("either treated_on or treated_on_date, not both")
        return self

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every block that reads something from a row."""
        single = [one for one in (self.birth_year, self.vital_status) if one is not None]
        return (
            *single,
            *self.disease.values(),
            *self.labs,
            *self.performance,
            *self.adverse_events,
            *self.symptoms,
            *self.treatments,
            *self.facts,
            *self.forms,
            *self.lesions,
            *self.liver,
            *self.fdg_scans,
            *self.hepatobiliary_scans,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping names, once."""
        found = [self.key]
        if self.treated_on is not None:
            found.append(self.treated_on)
        for one in self.readings:
            found += _columns_of(one)
        return tuple(dict.fromkeys(found))


_COLUMN_FIELDS = (
    "column",
    "on",
    "until",
    "grade",
    "term_column",
    "lower_limit_column",
    "upper_limit_column",
    "first_on",
    "last_on",
    "cycles",
    "activity_gbq",
    "new_lesion",
    "per_day",
    "ctcae_grade",
)


def _columns_of(block: Reading) -> list[str]:
    found = [getattr(block, name, None) for name in _COLUMN_FIELDS]
    if isinstance(block, FormColumns):
        found += block.items.values()
    if isinstance(block, LesionColumns):
        found += block.sizes.values()
    if isinstance(block, ScanColumns):
        found += block.columns.values()
    return [one for one in found if one is not None]


def read_clinical_mapping(path: Path) -> ClinicalMapping:
    """Return a mapping file.

    Raises
    ------
    InputError
        Naming every key that is wrong, and what was wanted.
    """
    return validated(ClinicalMapping, read_toml(path), path)


def mapping_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mapping file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": MAPPING_SCHEMA,
        **ClinicalMapping.model_json_schema(by_alias=True),
    }
