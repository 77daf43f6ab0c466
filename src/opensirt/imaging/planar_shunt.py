"""Lung shunt fraction of an anterior and a posterior view with regions drawn on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.finding import Finding, Severity
from opensirt.domain.missing import Missing
from opensirt.domain.planar import PlanarImage, PlanarOrgan, PlanarRegion, PlanarView
from opensirt.domain.record import LungShunt
from opensirt.errors import InputError
from opensirt.imaging.lung_shunt import PLANAR, RegionCounts, planar_lung_shunt

_Regions = Mapping[tuple[PlanarOrgan, PlanarView], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False, kw_only=True)
class PlanarShunt:
    """The lung shunt fraction of two planar views, and what there is to say about it."""

    shunt: LungShunt
    findings: tuple[Finding, ...]


def planar_shunt(
    image: PlanarImage,
    regions: Sequence[PlanarRegion],
    *,
    lung_transmission: float | None = None,
    liver_transmission: float | None = None,
) -> PlanarShunt:
    """Return the lung shunt fraction of two views: lungs / (lungs + liver), geometric means.

    Counts are those of the pixels whose centres lie in the regions. Where a background is drawn,
    its mean times the region's pixels is taken off. With transmissions (part of the photons that
    pass the body there, of a transmission scan or a CT) each geometric mean is divided by the
    square root of its own; without, lungs, which attenuate less, count too much. What scales a
    whole view (its duration, its decay to another instant, the head's sensitivity) cancels.

    The standard uncertainty holds counting and what moving every edge by a pixel does.

    Raises
    ------
    InputError
        When lungs or liver are not drawn on both views, regions leave the image, hold no pixel
        or overlap, only one transmission is given, or one is not above 0 and at most 1.
    """
    masks = _masks(image, regions)
    transmissions = _transmissions(lung_transmission, liver_transmission)
    method = PLANAR
    if (PlanarOrgan.BACKGROUND, PlanarView.ANTERIOR) in masks:
        method += ", background taken off"
    method += ", attenuation corrected" if lung_transmission else ", no attenuation correction"
    lungs, liver = (
        _counts(image, masks, organ, transmission)
        for organ, transmission in zip(
            (PlanarOrgan.LUNGS, PlanarOrgan.LIVER), transmissions, strict=True
        )
    )
    if not (_is_above_background(lungs) and _is_above_background(liver)):
        text = (
            "lungs or liver hold no more counts than the background on a planar view: no lung "
            "shunt fraction is given; check the regions"
        )
        finding = Finding(Severity.WARN, "planar_lung_shunt_not_evaluable", text)
        return PlanarShunt(
            shunt=LungShunt(fraction=Missing.NOT_EVALUABLE, method=method), findings=(finding,)
        )
    plain = planar_lung_shunt(lungs, liver)
    assert not isinstance(plain.fraction, Missing)  # noqa: S101 - a number or an error
    assert not isinstance(plain.standard_uncertainty, Missing)  # noqa: S101
    edges = _edge_uncertainty(image, masks, transmissions, plain.fraction)
    text = f"lung shunt fraction {plain.fraction:.2%} by {method}"
    if not lung_transmission:
        text += ": lungs attenuate less than the liver, so that it tends to be too high"
    return PlanarShunt(
        shunt=replace(
            plain,
            standard_uncertainty=hypot(plain.standard_uncertainty, edges),
            method=method,
        ),
        findings=(Finding(Severity.NOTE, "planar_lung_shunt", text, plain.fraction),),
    )


def _masks(image: PlanarImage, regions: Sequence[PlanarRegion]) -> _Regions:
    masks: dict[tuple[PlanarOrgan, PlanarView], NDArray[np.bool_]] = {}
    for one in regions:
        key = one.organ, one.view
        drawn = _filled(one, image.anterior.shape)
        masks[key] = masks[key] | drawn if key in masks else drawn
    background = [view for view in PlanarView if (PlanarOrgan.BACKGROUND, view) in masks]
    wanted = [PlanarOrgan.LUNGS, PlanarOrgan.LIVER]
    if background:
        wanted.append(PlanarOrgan.BACKGROUND)
    for view in PlanarView:
        for organ in wanted:
            if (organ, view) not in masks:
                raise InputError(
                    f"no {organ.value} are drawn on the {view.value} view; draw lungs and liver "
                    "(and the background, where it is used) on both views"
                )
        covered = sum(masks[organ, view].astype(int) for organ in wanted)
        if np.max(covered) > 1:
            raise InputError(
                f"planar regions overlap on the {view.value} view: a pixel would count twice; "
                "draw them apart"
            )
    return masks


def _filled(region: PlanarRegion, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    from skimage.draw import polygon

    name = f"planar region {region.organ.value}, {region.view.value}"
    columns, rows = np.asarray(region.corners, dtype=np.float64).T
    limits = ((rows, shape[0]), (columns, shape[1]))
    if any(one.min() < 0 or one.max() > n - 1 for one, n in limits):
        raise InputError(
            f"{name} leaves the image of {shape[1]} columns and {shape[0]} rows; corners are "
            "[column, row] in pixels from 0"
        )
    made = np.zeros(shape, dtype=np.bool_)
    made[polygon(rows, columns, shape)] = True
    if not made.any():
        raise InputError(f"{name} holds no pixel; draw it larger")
    return made


def _transmissions(lung: float | None, liver: float | None) -> tuple[float, float]:
    if lung is None and liver is None:
        return 1.0, 1.0
    if lung is None or liver is None or not (0 < lung <= 1 and 0 < liver <= 1):
        raise InputError(
            f"transmissions of lungs {lung} and liver {liver}: both are wanted, each above 0 and "
            "at most 1, or none"
        )
    return lung, liver


def _counts(
    image: PlanarImage, masks: _Regions, organ: PlanarOrgan, transmission: float
) -> RegionCounts:
    gross, background, scale = {}, {}, 1.0
    for view in PlanarView:
        inside, counts = masks[organ, view], image.view(view)
        gross[view] = float(counts[inside].sum(dtype=np.float64))
        beside = masks.get((PlanarOrgan.BACKGROUND, view))
        background[view] = 0.0
        if beside is not None:
            scale = max(scale, float(inside.sum()) / float(beside.sum()))
            background[view] = float(counts[beside].mean(dtype=np.float64)) * float(inside.sum())
    return RegionCounts(
        anterior=gross[PlanarView.ANTERIOR],
        posterior=gross[PlanarView.POSTERIOR],
        background_anterior=background[PlanarView.ANTERIOR],
        background_posterior=background[PlanarView.POSTERIOR],
        background_scale=scale,
        transmission=transmission,
    )


def _is_above_background(region: RegionCounts) -> bool:
    return (
        region.anterior > region.background_anterior >= 0
        and region.posterior > region.background_posterior >= 0
    )


def _edge_uncertainty(
    image: PlanarImage, masks: _Regions, transmissions: tuple[float, float], fraction: float
) -> float:
    """Return half of what growing or shrinking one organ by a pixel does, of both organs."""
    from scipy.ndimage import binary_dilation, binary_erosion

    found = 0.0
    organs = (PlanarOrgan.LUNGS, PlanarOrgan.LIVER)
    for organ in organs:
        changes = []
        for moved in (binary_dilation, binary_erosion):
            changed = dict(masks)
            for view in PlanarView:
                rest = np.logical_or.reduce(
                    [one for key, one in masks.items() if key[1] is view and key[0] is not organ]
                )
                changed[organ, view] = moved(masks[organ, view]) & ~rest
            pair = [
                _counts(image, changed, one, transmission)
                for one, transmission in zip(organs, transmissions, strict=True)
            ]
            if all(_is_above_background(one) for one in pair):
                other = planar_lung_shunt(*pair).fraction
                assert not isinstance(other, Missing)  # noqa: S101 - a number or an error
                changes.append(abs(other - fraction))
        found = hypot(found, max(changes, default=fraction) / 2)
    return found
