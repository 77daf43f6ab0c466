"""What is left: hepatobiliary function and the volume of the spared liver."""

from opensirt.clinical.comparison import below
from opensirt.clinical.liver_function.table import absent, require_positive, variant_of
from opensirt.domain.citation import citation_of
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score
from opensirt.errors import InputError
from opensirt.reference.table import read_table


def hepatobiliary_function(
    *,
    function_percent_per_min: Number,
    body_surface_area_m2: Number,
    cut_off: str = "de_graaf_2010",
) -> Score:
    """Return hepatobiliary function per body surface in %/min/m², against one surgical cut-off.

    The cut-offs are of the remnant after resection: no cut-off is known for radioembolization,
    and the finding says so. The grade is ``"below"`` or ``"not below"`` the cut-off. How the
    uptake rate is obtained from the images is left to the laboratory: the details of the
    published rate formula were not read.

    Raises
    ------
    InputError
        When a value is not positive.
    UnknownNameError
        When there is no such cut-off.
    """
    constants, citation = variant_of("hepatobiliary_function", cut_off)
    inputs = {"function": function_percent_per_min, "body surface area": body_surface_area_m2}
    require_positive(**inputs)
    lacking = absent(**inputs)
    if isinstance(function_percent_per_min, Missing) or isinstance(body_surface_area_m2, Missing):
        reason = next(iter(lacking.values()))
        return Score(
            name="hepatobiliary function",
            variant=cut_off,
            value=reason,
            unit="%/min/m²",
            grade=reason,
            missing=lacking,
            citation=citation,
        )
    value = function_percent_per_min / body_surface_area_m2
    limit: float = constants["cut_off_percent_per_min_per_m2"]
    under = below(value, limit)
    findings = [
        Finding(
            Severity.NOTE,
            "hepatobiliary_function_cut_off",
            constants["note"],
            value,
            limit,
            citation.source,
        )
    ]
    warning = read_table("liver_function")["hepatobiliary_function_warning"]
    highest = warning["observed_before_percent_per_min_per_m2"][1]
    if value <= highest:
        source = citation_of(warning, where="liver_function.toml hepatobiliary_function_warning")
        text = (
            f"hepatobiliary function {value:.2g} %/min/m² lies in the range of three patients who "
            "had acceptable laboratory values before radioembolization; two of them died"
        )
        findings.append(
            Finding(
                Severity.WARN,
                "hepatobiliary_function_low",
                text,
                value,
                highest,
                source.source,
                source.verified,
            )
        )
    return Score(
        name="hepatobiliary function",
        variant=cut_off,
        value=value,
        unit="%/min/m²",
        grade="below" if under else "not below",
        citation=citation,
        findings=tuple(findings),
    )


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
