"""The pictures of a report, each with a caption and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.case import Case, CaseImage
from opensirt.domain.delivery import Delivery
from opensirt.domain.image import CtImage, Image3D
from opensirt.domain.missing import Missing
from opensirt.domain.record import CaseResult, DoseResult, Verification
from opensirt.domain.structure import Structure, StructureKind
from opensirt.report.content import Picture, Section
from opensirt.report.figures.bands import MOST_PANELS, bands_png
from opensirt.report.figures.curves import dvh_png, planned_measured_png, worth_drawing
from opensirt.report.figures.projection import projections_png
from opensirt.report.figures.scene import Outline, Scene, focus_mm, scene
from opensirt.report.figures.slices import slices_png, slices_top
from opensirt.report.number import as_gy
from opensirt.report.sections.chosen import (
    hottest_tumour,
    in_order,
    largest_tumour,
    planned_dose,
)
from opensirt.report.wording import device_words, engine_words, model_words

_WITH_BANDS = (
    StructureKind.TUMOUR,
    StructureKind.NORMAL_LIVER,
    StructureKind.PERFUSED_NORMAL_LIVER,
)


@dataclass(frozen=True, eq=False)
class _Shown:
    """One dose with where its slices go, and the pictures that stand between them."""

    name: str
    words: str
    dose: DoseResult
    scene: Scene
    through: tuple[tuple[Outline, str], ...]
    """Tumour, and why it."""
    between: tuple[Picture, ...]

    def points_mm(self) -> list[NDArray[np.float64]]:
        """Return where its slices meet; the middle where there is no tumour."""
        return [focus_mm(one) for one, _ in self.through] or [_middle_mm(self.scene)]


def pictures_section(case: Case, result: CaseResult) -> Section | None:
    """Return slices, projections and histograms of the measured and of the planned dose.

    All slices of doses share one colour scale, so that they can be compared.
    """
    doses: list[_Shown] = []
    if result.verification is not None:
        dose = result.verification.primary_result
        image = case.image(result.verification.image_id)
        words = f"measured dose, {engine_words(dose.engine)}, {dose.calibration}"
        between = [_projection(image, result.drawn, "measured")]
        delivery = result.verification.delivery
        if delivery is not None and delivery.planned_structures:
            between.insert(0, _comparison(delivery))
        between = [*_bands(result.verification), *between]
        doses.append(_shown(case, result, dose, image, "measured", words, between))
    scout = case.scout()
    if result.plan is not None and scout is not None:
        planned = planned_dose(result.plan)
        chosen = result.plan.chosen
        if planned is not None and chosen is not None:
            device, model = device_words(chosen.device).lower(), model_words(chosen.model).lower()
            words = f"planned dose, {device}, {model}"
            between = [_projection(scout, result.drawn, "scout")]
            doses.append(_shown(case, result, planned, scout, "planned", words, between))
    tops = [slices_top(one.scene, point) for one in doses for point in one.points_mm()]
    found = [made for one in doses for made in _of_dose(one, max(tops))]
    if (
        result.workup is not None
        and scout is not None
        and not any(one.name == "scout_projection" for one in found)
    ):
        found += [*_of_scout(case, result, scout), _projection(scout, result.drawn, "scout")]
    return Section("Pictures", tuple(found)) if found else None


def _ct_of(case: Case, image: Image3D) -> CtImage | None:
    found = case.ct_in_frame(image.grid.frame_of_reference_uid)
    return found.image if found is not None and isinstance(found.image, CtImage) else None


def _shown(
    case: Case,
    result: CaseResult,
    dose: DoseResult,
    image: CaseImage,
    name: str,
    words: str,
    between: Sequence[Picture],
) -> _Shown:
    """Choose the tumours that the slices of a dose go through."""
    shown = scene(dose.dose, result.drawn, ct=_ct_of(case, dose.dose), activity=image.image)
    reasons: dict[str, str] = {}
    for one, reason in (
        (largest_tumour(dose), "the largest tumour"),
        (hottest_tumour(dose), "the tumour with the highest mean dose"),
    ):
        if one is not None:
            before = reasons.get(one.label)
            reasons[one.label] = f"{before} and {reason}" if before else reason
    outlines = ((_outline(shown, label), reason) for label, reason in reasons.items())
    through = tuple((outline, reason) for outline, reason in outlines if outline is not None)
    return _Shown(name, words, dose, shown, through, tuple(between))


def _of_dose(one: _Shown, top: float) -> list[Picture]:
    """Return slices through one tumour, the DVH, further pictures, and the other slices."""
    found = []
    for number, (outline, reason) in enumerate(one.through, 1):
        mean = as_gy(one.dose.structure(outline.label).mean_gy)
        name = f"{one.name}_slices_{number}"
        words = f"{one.words}, through {reason}"
        found.append(_slices(one.scene, outline, name, words, mean, top=top))
    if not found:
        found.append(_middle(one.scene, f"{one.name}_slices_1", one.words, top=top))
    histograms = [_histograms(one.dose, one.name, one.words)] if one.dose.dvhs else []
    # Slices fill most of a page; the flat pictures share one.
    found[1:1] = [*histograms, *one.between]
    return found


def _comparison(delivery: Delivery) -> Picture:
    return Picture(
        "planned_measured",
        planned_measured_png(delivery.planned_structures),
        "Planned mean doses, for the activity given, and measured ones, scaled to it.",
        "Planned against measured mean dose of each structure, one line for each; the same numbers "
        "stand in the table of planned against measured doses.",
    )


def _bands(verification: Verification) -> list[Picture]:
    """Return the histograms with their intervals: normal liver and the largest tumours."""
    dose = verification.primary_result
    sampled = {
        one.label: one.sampled
        for one in verification.uncertainties
        if not isinstance(one.sampled, Missing)
    }
    shown = [
        one
        for one in in_order(dose)
        if one.label in sampled and one.label in dose.dvhs and one.kind in _WITH_BANDS
    ]
    # The largest stand for the others where there are too many; the order is that of the tables.
    largest = sorted(shown, key=lambda one: -one.volume_ml)[:MOST_PANELS]
    labels = [one.label for one in shown if one in largest]
    if not labels:
        return []
    fewer = f" The {len(labels)} largest of {len(shown)}." if len(labels) < len(shown) else ""
    return [
        Picture(
            "measured_bands",
            bands_png(dose.dvhs, {label: sampled[label] for label in labels}),
            "Dose–volume histograms with the 95\u00a0% interval of the dose at each volume. "
            "Dashed: as imaged. Estimate and interval are corrected where the table of intervals "
            "says so: a dashed line outside its band shows what resolution and a misplaced contour "
            "did." + fewer,
            f"Dose–volume histograms of {', '.join(labels)} with intervals; the table of doses "
            "with their intervals holds the figures.",
        )
    ]


def _histograms(dose: DoseResult, name: str, words: str) -> Picture:
    ordered = in_order(dose)
    kinds = {one.label: one.kind for one in ordered}
    seen = set(worth_drawing(dose.dvhs, kinds))
    drawn = {one.label: dose.dvhs[one.label] for one in ordered if one.label in seen}
    unseen = [one.label for one in ordered if one.label not in seen]
    left_out = f" Not drawn, as their doses are near zero: {', '.join(unseen)}." if unseen else ""
    return Picture(
        f"{name}_dvh",
        dvh_png(drawn, kinds),
        f"Cumulative dose–volume histograms, {words}. Thick: normal liver. The right axis ends "
        "where 1\u00a0% of the tissue that holds no tumour is left." + left_out,
        f"Cumulative dose–volume histograms of {', '.join(drawn)}; the tables of doses and of "
        "volumes at dose levels hold their figures.",
    )


def _outline(shown: Scene, label: str) -> Outline | None:
    return next((one for one in shown.outlines if one.label == label), None)


def _slices(
    shown: Scene, outline: Outline, name: str, words: str, mean: str, *, top: float | None = None
) -> Picture:
    return Picture(
        name,
        slices_png(shown, focus_mm(outline), top=top),
        f"{words[:1].upper()}{words[1:]}: {outline.label}, mean {mean} {shown.scale.unit}.",
        f"Axial, coronal and sagittal slices through {outline.label} with "
        f"{shown.scale.quantity.lower()} in colour, outlines of liver and tumours, orientation "
        "letters and a scale bar.",
    )


def _middle_mm(shown: Scene) -> NDArray[np.float64]:
    """Return the middle of what is shown, (x, y, z) in LPS mm."""
    box = shown.box()
    middle: NDArray[np.float64] = (np.array(box.low) + np.array(box.high)) / 2
    return middle


def _middle(shown: Scene, name: str, words: str, *, top: float | None = None) -> Picture:
    """Return slices through the middle of what is shown, where no tumour is drawn."""
    return Picture(
        name,
        slices_png(shown, _middle_mm(shown), top=top),
        f"{words[:1].upper()}{words[1:]}: through the middle; no tumour is drawn.",
        f"Axial, coronal and sagittal slices with {shown.scale.quantity.lower()} in colour.",
    )


def _of_scout(case: Case, result: CaseResult, scout: CaseImage) -> list[Picture]:
    shown = scene(scout.image, result.drawn, ct=_ct_of(case, scout.image))
    words = f"scout image {scout.id}"
    tumours = shown.tumours()
    if not tumours:
        return [_middle(shown, "scout_slices_1", words)]
    largest = max(tumours, key=lambda one: one.mask.volume_ml)
    picture = _slices(shown, largest, "scout_slices_1", words, "")
    caption = f"{words[:1].upper()}{words[1:]}, through the largest tumour, {largest.label}."
    return [Picture(picture.name, picture.png, caption, picture.alternative)]


def _projection(image: CaseImage, drawn: tuple[Structure, ...], name: str) -> Picture:
    shown = scene(image.image, drawn)
    return Picture(
        f"{name}_projection",
        projections_png(shown),
        f"Maximum-intensity projections of image {image.id}, from the front and from the side.",
        f"Coronal and sagittal maximum-intensity projections of the {shown.scale.quantity.lower()} "
        "with the outlines of the structures, orientation letters and a scale bar.",
    )


def board_picture(case: Case, result: CaseResult) -> Picture | None:
    """Return slices through the largest tumour: planned dose, measured dose or scout, or None."""
    scout = case.scout()
    planned, words = planned_dose(result.plan), "planned dose"
    if planned is None and result.verification is not None:
        planned, words = result.verification.primary_result, "measured dose"
    if planned is None:
        known = scout is not None and result.workup is not None
        return _of_scout(case, result, scout)[0] if scout is not None and known else None
    shown = scene(planned.dose, result.drawn, ct=_ct_of(case, planned.dose))
    tumours = shown.tumours()
    if not tumours:
        return _middle(shown, "board", words)
    largest = max(tumours, key=lambda one: one.mask.volume_ml)
    return Picture(
        "board",
        slices_png(shown, focus_mm(largest)),
        f"{words.capitalize()} in Gy, through the largest tumour ({largest.label}).",
        f"Axial, coronal and sagittal slices through {largest.label} with the {words} in "
        "colour and outlines of liver and tumours.",
    )
