"""Blocks of a mapping file for imaging beyond lesions: liver, spleen, FDG, hepatobiliary scans."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from opensirt.files.mapping_block import Dated
from opensirt.files.toml_values import Name


class ScanColumns(Dated):
    """Numbers and flags of one day, each a column; the fields are those of the record."""

    numbers: ClassVar[tuple[str, ...]]
    flags: ClassVar[tuple[str, ...]] = ()

    codes: dict[str, bool] = Field(
        default_factory=lambda: {"1": True, "0": False}, description="code of a flag = yes or no"
    )

    @property
    def columns(self) -> dict[str, str]:
        """Field of the record → column, of those that the mapping names."""
        names = (*self.numbers, *self.flags)
        return {one: getattr(self, one) for one in names if getattr(self, one) is not None}

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not self.columns:
            raise ValueError(f"at least one of {', '.join((*self.numbers, *self.flags))} is wanted")
        return self


class LiverColumns(ScanColumns):
    """What imaging of one day saw of the liver as a whole, and of the spleen."""

    numbers = ("tumour_volume_ml", "liver_volume_ml", "spleen_volume_ml")
    flags = ("varices", "ascites", "cirrhosis_like_morphology")

    tumour_volume_ml: Name | None = Field(default=None, description="all tumour of the liver")
    liver_volume_ml: Name | None = Field(default=None, description="liver with its tumours")
    spleen_volume_ml: Name | None = None
    varices: Name | None = None
    ascites: Name | None = Field(default=None, description="seen on this imaging")
    cirrhosis_like_morphology: Name | None = None


class FdgScanColumns(ScanColumns):
    """One FDG scan as `fdg_scans` of a case file states it, in SUL or in SUV."""

    numbers = (
        "sul_peak",
        "liver_mean_sul",
        "liver_deviation_sul",
        "blood_pool_mean_sul",
        "blood_pool_deviation_sul",
        "total_lesion_glycolysis_g",
        "suv_peak",
        "liver_mean_suv",
        "liver_deviation_suv",
        "blood_pool_mean_suv",
        "blood_pool_deviation_suv",
        "total_lesion_glycolysis_suv_g",
        "weight_kg",
        "height_cm",
        "injected_activity_mbq",
        "uptake_min",
        "glucose_mg_per_dl",
        "fasting_h",
        "days_since_chemotherapy",
    )
    flags = ("indistinguishable", "new_lesion", "other_lesion_increased")

    sul_peak: Name | None = None
    liver_mean_sul: Name | None = None
    liver_deviation_sul: Name | None = None
    blood_pool_mean_sul: Name | None = None
    blood_pool_deviation_sul: Name | None = None
    total_lesion_glycolysis_g: Name | None = None
    suv_peak: Name | None = Field(
        default=None, description="SUV by body weight in place of SUL; follow-up computes SUL"
    )
    liver_mean_suv: Name | None = None
    liver_deviation_suv: Name | None = None
    blood_pool_mean_suv: Name | None = None
    blood_pool_deviation_suv: Name | None = None
    total_lesion_glycolysis_suv_g: Name | None = None
    weight_kg: Name | None = Field(default=None, description="on the day of the scan")
    height_cm: Name | None = None
    injected_activity_mbq: Name | None = None
    uptake_min: Name | None = None
    glucose_mg_per_dl: Name | None = None
    fasting_h: Name | None = None
    days_since_chemotherapy: Name | None = None
    indistinguishable: Name | None = None
    new_lesion: Name | None = None
    other_lesion_increased: Name | None = None


class HepatobiliaryScanColumns(ScanColumns):
    """One hepatobiliary scintigraphy, as the laboratory computed it."""

    numbers = (
        "function_percent_per_min",
        "remnant_function_percent_per_min",
        "body_surface_area_m2",
    )

    function_percent_per_min: Name | None = None
    remnant_function_percent_per_min: Name | None = None
    body_surface_area_m2: Name | None = None
