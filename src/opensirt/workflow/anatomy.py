"""The structures of a case made complete and checked, before anything is computed in them."""

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.structure import Mask, Structure, StructureKind, StructureSet
from opensirt.errors import InputError, MissingInputError
from opensirt.imaging.mask_algebra import union, without
from opensirt.imaging.plausibility import volume_outside_ml
from opensirt.reference.table import read_table

_LIVER = StructureKind.LIVER
_NORMAL = StructureKind.NORMAL_LIVER
_PERFUSED = StructureKind.PERFUSED_VOLUME
_PERFUSED_NORMAL = StructureKind.PERFUSED_NORMAL_LIVER


def liver_of(structures: StructureSet) -> Structure:
    """Return the one liver of a case.

    Raises
    ------
    MissingInputError
        When there is none.
    InputError
        When there is more than one.
    """
    livers = structures.of_kind(_LIVER)
    if not livers:
        raise MissingInputError(
            "structure of kind liver",
            where="the case",
            remedy='add one to [[structures]] with labels = { "<name in the file>" = "liver" }',
        )
    if len(livers) > 1:
        names = ", ".join(repr(one.label) for one in livers)
        raise InputError(f"the case has {len(livers)} livers ({names}); keep the whole one")
    return livers[0]


def _masks(structures: StructureSet, *kinds: StructureKind) -> list[Mask]:
    return [one.mask for kind in kinds for one in structures.of_kind(kind)]


def with_derived_structures(structures: StructureSet) -> tuple[StructureSet, tuple[Finding, ...]]:
    """Return the structures with normal liver and perfused normal liver where not drawn.

    `normal_liver` is the whole liver without tumours and gallbladder; `perfused_normal_liver`
    the perfused volume without them, one for each perfused volume. A derived structure says so
    in its source and in a finding.
    """
    findings: list[Finding] = []
    taken_out = _masks(structures, StructureKind.TUMOUR, StructureKind.GALLBLADDER)
    derived: list[Structure] = []
    livers = structures.of_kind(_LIVER)
    if livers and not structures.of_kind(_NORMAL):
        mask = without(livers[0].mask, taken_out)
        derived.append(
            Structure(
                "normal liver", _NORMAL, mask, source="derived: liver − tumours − gallbladder"
            )
        )
    if not structures.of_kind(_PERFUSED_NORMAL):
        perfused = structures.of_kind(_PERFUSED)
        for one in perfused:
            label = "perfused normal liver"
            if len(perfused) > 1:
                label += f" ({one.label})"
            mask = without(one.mask, taken_out)
            derived.append(
                Structure(
                    label,
                    _PERFUSED_NORMAL,
                    mask,
                    source=f"derived: {one.label} − tumours − gallbladder",
                )
            )
    findings.extend(
        Finding(
            Severity.NOTE,
            "derived_structure",
            f"{one.label} ({one.volume_ml:.1f} mL) is not drawn; {one.source}",
            one.volume_ml,
        )
        for one in derived
    )
    return structures.with_structures(derived), tuple(findings)


def tumours_inside_liver(structures: StructureSet) -> tuple[Finding, ...]:
    """Check that the tumours lie in the liver.

    Raises
    ------
    InputError
        When more of a tumour lies outside than the rule in reference/geometry_rules allows.
    """
    rule = read_table("geometry_rules")["tumour_outside_liver"]
    livers = structures.of_kind(_LIVER)
    if not livers:
        return ()
    findings = []
    for tumour in structures.of_kind(StructureKind.TUMOUR):
        outside_ml = volume_outside_ml(tumour.mask, [livers[0].mask])
        if outside_ml <= 1e-9:  # noqa: PLR2004 - round-off of sums
            continue
        part = outside_ml / tumour.volume_ml
        text = (
            f"{outside_ml:.2g} mL ({part:.0%}) of {tumour.label} ({tumour.volume_ml:.4g} mL) "
            "lies outside the liver mask"
        )
        if part > rule["fraction_at_most"] or outside_ml > rule["volume_ml_at_most"]:
            raise InputError(
                f"{text}; at most {rule['fraction_at_most']:.0%} and "
                f"{rule['volume_ml_at_most']:.0f} mL are accepted. Check that tumour and liver "
                "were drawn on the same image and that neither is mirrored or shifted"
            )
        findings.append(
            Finding(
                Severity.NOTE,
                "tumour_outside_liver",
                text,
                outside_ml,
                rule["volume_ml_at_most"],
                rule["source"],
            )
        )
    return tuple(findings)


def perfused_volumes_apart(structures: StructureSet) -> None:
    """Raise `InputError` when two perfused volumes overlap by more than their edges."""
    allowed = read_table("geometry_rules")["perfused_overlap"]["fraction_at_most"]
    perfused = structures.of_kind(_PERFUSED)
    for index, first in enumerate(perfused):
        for second in perfused[index + 1 :]:
            shared_ml = first.volume_ml - volume_outside_ml(first.mask, [second.mask])
            if shared_ml > allowed * min(first.volume_ml, second.volume_ml):
                raise InputError(
                    f"the perfused volumes {first.label!r} and {second.label!r} overlap by "
                    f"{shared_ml:.1f} mL; each part of the liver belongs to one territory: "
                    "correct the masks"
                )


def whole_liver_mask(structures: StructureSet) -> Mask:
    """Return the liver without the gallbladder, on the liver's own grid."""
    liver = liver_of(structures).mask
    return without(liver, _masks(structures, StructureKind.GALLBLADDER))


def all_tumours(structures: StructureSet) -> Mask | None:
    """Return all tumours in one mask, or None when there are none."""
    masks = _masks(structures, StructureKind.TUMOUR)
    return union(masks) if masks else None
