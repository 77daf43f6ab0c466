"""Choi and modified Choi: size and attenuation in the portal venous phase."""

from dataclasses import dataclass

from opensirt.clinical.comparison import at_least, at_most
from opensirt.domain.citation import Citation, citation_of
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError, UnknownNameError
from opensirt.reference.table import read_table

Number = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiInput:
    """Sum of diameters and mean attenuation of the targets, and what is new.

    `all_gone` is complete response: every lesion has disappeared. A new lesion includes a new
    or growing nodule inside a treated one.
    """

    baseline_mm: float
    now_mm: Number
    baseline_hu: Number
    now_hu: Number
    new_lesion: bool | Missing
    all_gone: bool = False

    def __post_init__(self) -> None:
        if self.baseline_mm <= 0:
            raise InputError("the targets have a sum of 0 mm at baseline: nothing to compare")
        if not isinstance(self.baseline_hu, Missing) and self.baseline_hu <= 0:
            raise InputError(
                f"mean attenuation at baseline is {self.baseline_hu:g} HU; a relative change needs "
                "a positive one"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiResponse:
    """The category, and the two changes that made it."""

    category: ResponseCategory
    variant: str
    size_change_fraction: Number
    attenuation_change_fraction: Number
    citation: Citation


def choi_response(given: ChoiInput, *, variant: str) -> ChoiResponse:
    """Classify by Choi (``choi``: size or attenuation) or modified Choi (``modified``: both).

    Not evaluable when what was not measured could change the category.

    Raises
    ------
    UnknownNameError
        When there is no such variant.
    """
    variants = read_table("response_criteria")["choi"]
    if variant not in variants:
        raise UnknownNameError("variant of Choi", variant, variants)
    limits = variants[variant]
    size = _change(given.baseline_mm, given.now_mm)
    attenuation = _change(given.baseline_hu, given.now_hu)
    possible = {
        _category(
            shrunk=shrunk,
            grown=grown,
            fainter=fainter,
            new=new,
            all_gone=given.all_gone,
            both=limits["partial_needs"] == "both",
        )
        for shrunk, grown in _size_states(size, limits)
        for fainter in _attenuation_states(attenuation, limits)
        for new in ((False, True) if isinstance(given.new_lesion, Missing) else (given.new_lesion,))
    }
    return ChoiResponse(
        category=possible.pop() if len(possible) == 1 else ResponseCategory.NOT_EVALUABLE,
        variant=variant,
        size_change_fraction=size,
        attenuation_change_fraction=attenuation,
        citation=citation_of(limits, where=f"response_criteria.toml choi.{variant}"),
    )


def _change(baseline: Number, now: Number) -> Number:
    if isinstance(baseline, Missing):
        return Missing.NEEDS_BASELINE
    return now if isinstance(now, Missing) else (now - baseline) / baseline


def _size_states(change: Number, limits: dict[str, float]) -> tuple[tuple[bool, bool], ...]:
    if isinstance(change, Missing):
        return ((False, False), (True, False), (False, True))
    shrunk = at_most(change, -limits["partial_size_fraction"])
    return ((shrunk, at_least(change, limits["progression_size_fraction"])),)


def _attenuation_states(change: Number, limits: dict[str, float]) -> tuple[bool, ...]:
    if isinstance(change, Missing):
        return (False, True)
    return (at_most(change, -limits["partial_attenuation_fraction"]),)


def _category(
    *, shrunk: bool, grown: bool, fainter: bool, new: bool, all_gone: bool, both: bool
) -> ResponseCategory:
    if new:
        return ResponseCategory.PROGRESSIVE
    if all_gone:
        return ResponseCategory.COMPLETE
    if (shrunk and fainter) if both else (shrunk or fainter):
        return ResponseCategory.PARTIAL
    # Growth counts unless the attenuation fell as a partial response asks for.
    if grown and not fainter:
        return ResponseCategory.PROGRESSIVE
    return ResponseCategory.STABLE
