"""ALBI: albumin and bilirubin."""

from math import log10

from opensirt.clinical.comparison import at_most
from opensirt.clinical.liver_function.table import absent, require_positive, variant_of
from opensirt.domain.finding import Finding, Severity
from opensirt.domain.laboratory import (
    Analyte,
    analyte_facts,
    laboratory_citation,
    wrong_unit_suspected,
)
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number, Score


def albi(
    *, bilirubin_umol_per_l: Number, albumin_g_per_l: Number, variant: str = "johnson_2015"
) -> Score:
    """Return the ALBI score and its grade 1 to 3, or what it lacks.

    A score of -2.60 or less is grade 1, up to -1.39 grade 2, above it grade 3; the variant
    ``modified`` divides grade 2 into 2a and 2b at -2.27. In bilobar
    radioembolization of hepatocellular carcinoma grade 2 predicted liver disease where
    Child-Pugh did not (Cancers 2023;15:4274, quoted second-hand); no figure exists for
    neuroendocrine tumours.

    Raises
    ------
    InputError
        When a value is not positive.

    >>> result = albi(bilirubin_umol_per_l=10.0, albumin_g_per_l=42.0)
    >>> f"{result.value:.2f}", result.grade
    ('-2.91', '1')
    """
    constants, citation = variant_of("albi", variant)
    require_positive(bilirubin_umol_per_l=bilirubin_umol_per_l, albumin_g_per_l=albumin_g_per_l)
    lacking = absent(bilirubin=bilirubin_umol_per_l, albumin=albumin_g_per_l)
    if isinstance(bilirubin_umol_per_l, Missing) or isinstance(albumin_g_per_l, Missing):
        reason = next(iter(lacking.values()))
        return Score(
            name="ALBI",
            variant=variant,
            value=reason,
            grade=reason,
            missing=lacking,
            citation=citation,
        )
    score = (
        constants["log_bilirubin"] * log10(bilirubin_umol_per_l)
        + constants["albumin"] * albumin_g_per_l
    )
    grade = next(
        (name for name, limit in constants["grades"].items() if at_most(score, limit)),
        constants["above"],
    )
    return Score(
        name="ALBI",
        variant=variant,
        value=score,
        grade=grade,
        citation=citation,
        findings=(
            *_unit_trap(Analyte.BILIRUBIN, bilirubin_umol_per_l),
            *_unit_trap(Analyte.ALBUMIN, albumin_g_per_l),
        ),
    )


def _unit_trap(analyte: Analyte, value: float) -> tuple[Finding, ...]:
    """Warn of a number that is probably in another unit: the score would look right."""
    likely = wrong_unit_suspected(analyte, value)
    if not likely:
        return ()
    facts = analyte_facts(analyte)
    text = f"{facts.name} of {value:g} {facts.inside_unit} was probably meant in {likely}"
    source = laboratory_citation("guards").source
    return (Finding(Severity.WARN, "albi_unit", text, value, source=source),)
