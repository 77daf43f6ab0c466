"""What is left: hepatobiliary function and the volume of the spared liver."""

from opensirt.clinical.comparison import below
from opensirt.clinical.liver_function.table import absent, require_positive, variant_of
from opensirt.domain.citation import citation_of
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score
from opensirt.errors import InputError
from opensirt.reference.table import read_table

_UNIT = "%/min/m²"


def hepatobiliary_function(
    *,
    function_percent_per_min: Number,
    body_surface_area_m2: Number,
    remnant: bool,
    cut_off: str = "de_graaf_2010",
) -> Score:
    """Return hepatobiliary function per body surface in %/min/m², of the liver or of a remnant.

    The surgical cut-offs are of the remnant after resection: a remnant has the grade ``"below"``
    or ``"not below"``, the whole liver has none. No cut-off is known for radioembolization, and
    the finding says so. The three patients of the warning had that function in the whole liver,
    so that it is said of the whole liver alone. How the uptake rate is obtained from the images
    is left to the laboratory: the details of the published rate formula were not read.

    Raises
    ------
    InputError
        When a value is not positive.
    UnknownNameError
        When there is no such cut-off.
    """
    constants, citation = variant_of("hepatobiliary_function", cut_off)
    name = "hepatobiliary function of the remnant" if remnant else "hepatobiliary function"
    variant = cut_off if remnant else "whole liver"
    inputs = {"function": function_percent_per_min, "body surface area": body_surface_area_m2}
    require_positive(**inputs)
    lacking = absent(**inputs)
    if isinstance(function_percent_per_min, Missing) or isinstance(body_surface_area_m2, Missing):
        reason = next(iter(lacking.values()))
        return Score(
            name=name,
            variant=variant,
            value=reason,
            unit=_UNIT,
            grade=reason if remnant else None,
            missing=lacking,
            citation=citation,
        )
    value = function_percent_per_min / body_surface_area_m2
    if not remnant:
        return Score(
            name=name,
            variant=variant,
            value=value,
            unit=_UNIT,
            citation=citation,
            findings=_warning(value),
        )
    limit: float = constants["cut_off_percent_per_min_per_m2"]
    grade = "below" if below(value, limit) else "not below"
    text = f"{name} {value:.3g} {_UNIT} is {grade} {limit:g}: {constants['note']}"
    said = Finding(
        Severity.NOTE, "hepatobiliary_function_cut_off", text, value, limit, citation.source
    )
    return Score(
        name=name,
        variant=variant,
        value=value,
        unit=_UNIT,
        grade=grade,
        citation=citation,
        findings=(said,),
    )


def _warning(value: float) -> tuple[Finding, ...]:
    """Say when a whole liver takes up as little as those of three patients who fared badly."""
    warning = read_table("liver_function")["hepatobiliary_function_warning"]
    highest = warning["observed_before_percent_per_min_per_m2"][1]
    if value > highest:
        return ()
    source = citation_of(warning, where="liver_function.toml hepatobiliary_function_warning")
    text = (
        f"hepatobiliary function {value:.2g} {_UNIT} lies in the range of three patients who "
        "had acceptable laboratory values before radioembolization; two of them died"
    )
    said = Finding(
        Severity.WARN,
        "hepatobiliary_function_low",
        text,
        value,
        highest,
        source.source,
        source.verified,
    )
    return (said,)


def future_liver_remnant_fraction(
    *, spared_normal_liver_ml: Number, whole_normal_liver_ml: Number
) -> Number:
    """Return the spared normal liver as a part of the whole normal liver, or why there is none.

    Both volumes are of liver without tumour and gallbladder.

    Raises
    ------
    InputError
        When the part exceeds the whole, is negative, or the whole is not positive.
    """
    if isinstance(spared_normal_liver_ml, Missing):
        return spared_normal_liver_ml
    if isinstance(whole_normal_liver_ml, Missing):
        return whole_normal_liver_ml
    require_positive(whole_normal_liver_ml=whole_normal_liver_ml)
    if not 0 <= spared_normal_liver_ml <= whole_normal_liver_ml:
        raise InputError(
            f"spared normal liver is {spared_normal_liver_ml:g} mL of {whole_normal_liver_ml:g} "
            "mL; it must be a part of the whole: check which structures were measured"
        )
    return spared_normal_liver_ml / whole_normal_liver_ml
