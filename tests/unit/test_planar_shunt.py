"""Lung shunt of planar views with regions, and what the work-up does with it."""

from dataclasses import replace

import numpy as np
import pytest
import scouts
from builders import site
from numpy.typing import NDArray

from opensirt.domain.case import Case, CasePlanar, WorkUpFacts
from opensirt.domain.finding import Finding
from opensirt.domain.missing import Missing
from opensirt.domain.planar import PlanarImage, PlanarOrgan, PlanarRegion, PlanarView
from opensirt.domain.record import LungShunt, Workup
from opensirt.errors import GeometryError, InputError
from opensirt.imaging.lung_shunt import RegionCounts, planar_lung_shunt
from opensirt.imaging.planar_shunt import PlanarShunt, planar_shunt
from opensirt.workflow.work_up import work_up

LUNGS, LIVER, BESIDE = (slice(10, 30), slice(10, 50)), (slice(34, 54), slice(8, 40)), (60, 64)
SHAPE = (70, 60)


def views(
    lung: float = 40.0, liver: float = 900.0, beside: float = 0.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return an anterior view and a mirrored posterior one with three quarters of the counts."""
    anterior = np.full(SHAPE, beside, dtype=np.float32)
    anterior[LUNGS] += lung
    anterior[LIVER] += liver
    return anterior, 0.75 * anterior[:, ::-1]


def image(**levels: float) -> PlanarImage:
    anterior, posterior = views(**levels)
    return PlanarImage(
        anterior=anterior,
        posterior=posterior,
        pixel_spacing_mm=(4.8, 4.8),
        radionuclide="Tc-99m",
    )


def rectangle(
    organ: PlanarOrgan, view: PlanarView, rows: tuple[int, int], columns: tuple[int, int]
) -> PlanarRegion:
    left, right = columns if view is PlanarView.ANTERIOR else (59 - columns[1], 59 - columns[0])
    top, bottom = rows
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return PlanarRegion(organ=organ, view=view, corners=corners)


def regions(*, background: bool = False) -> tuple[PlanarRegion, ...]:
    made = []
    for view in PlanarView:
        made.append(rectangle(PlanarOrgan.LUNGS, view, (10, 29), (10, 49)))
        made.append(rectangle(PlanarOrgan.LIVER, view, (34, 53), (8, 39)))
        if background:
            made.append(rectangle(PlanarOrgan.BACKGROUND, view, BESIDE, (10, 49)))
    return tuple(made)


def number(shunt: LungShunt) -> tuple[float, float]:
    assert not isinstance(shunt.fraction, Missing)
    assert not isinstance(shunt.standard_uncertainty, Missing)
    return shunt.fraction, shunt.standard_uncertainty


def rules(found: PlanarShunt) -> list[str]:
    return [one.rule for one in found.findings]


TRUE = 40 * 800 / (40 * 800 + 900 * 640)


def test_the_geometric_mean_of_the_regions_gives_the_fraction() -> None:
    found = planar_shunt(image(), regions())
    assert number(found.shunt)[0] == pytest.approx(TRUE)
    assert "no attenuation correction" in found.shunt.method
    assert "tends to be too high" in found.findings[0].text


def test_what_scales_a_whole_view_cancels() -> None:
    """Duration, decay to another instant and sensitivity of a head do not matter."""
    plain = image()
    decayed = replace(plain, posterior=plain.posterior * np.float32(0.5))
    fraction, _ = number(planar_shunt(decayed, regions()).shunt)
    assert fraction == pytest.approx(TRUE)


def test_a_background_is_taken_off() -> None:
    shunt = planar_shunt(image(beside=10.0), regions(background=True)).shunt
    assert number(shunt)[0] == pytest.approx(TRUE)
    assert "background taken off" in shunt.method
    plain, _ = number(planar_shunt(image(beside=10.0), regions()).shunt)
    assert plain > TRUE * 1.1


def test_transmissions_correct_the_attenuation() -> None:
    """Lungs through which four times the photons pass count twice too much beside the liver."""
    shunt = planar_shunt(
        image(lung=80.0), regions(), lung_transmission=0.4, liver_transmission=0.1
    ).shunt
    assert number(shunt)[0] == pytest.approx(TRUE)
    assert "attenuation corrected" in shunt.method


@pytest.mark.parametrize(("lung", "liver"), [(0.4, None), (None, 0.1), (0.0, 0.1), (0.4, 1.2)])
def test_a_lone_or_impossible_transmission_is_refused(
    lung: float | None, liver: float | None
) -> None:
    with pytest.raises(InputError, match="both are wanted"):
        planar_shunt(image(), regions(), lung_transmission=lung, liver_transmission=liver)


def test_the_stated_interval_holds_the_truth_of_noisy_views() -> None:
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        plain = image(lung=4.0, liver=90.0)
        noisy = replace(
            plain,
            anterior=rng.poisson(plain.anterior).astype(np.float32),
            posterior=rng.poisson(plain.posterior).astype(np.float32),
        )
        fraction, uncertainty = number(planar_shunt(noisy, regions()).shunt)
        held += abs(fraction - TRUE) <= 1.96 * uncertainty
    assert held >= 36


def test_a_background_from_a_small_region_is_less_certain() -> None:
    liver = RegionCounts(anterior=90_000, posterior=80_000)
    lungs = RegionCounts(
        anterior=9000, posterior=8000, background_anterior=3000, background_posterior=3000
    )
    equal = number(planar_lung_shunt(lungs, liver))
    small = number(planar_lung_shunt(replace(lungs, background_scale=10.0), liver))
    assert small[0] == equal[0]
    assert small[1] > 1.5 * equal[1]


def test_no_more_than_the_background_gives_no_fraction() -> None:
    found = planar_shunt(image(lung=0.0, beside=10.0), regions(background=True))
    assert found.shunt.fraction is Missing.NOT_EVALUABLE
    assert rules(found) == ["planar_lung_shunt_not_evaluable"]


def test_regions_that_are_not_drawn_leave_the_image_or_overlap_are_refused() -> None:
    with pytest.raises(InputError, match="no liver are drawn on the posterior view"):
        planar_shunt(image(), regions()[:3])
    outside = rectangle(PlanarOrgan.LUNGS, PlanarView.ANTERIOR, (10, 80), (10, 49))
    with pytest.raises(InputError, match="leaves the image of 60 columns and 70 rows"):
        planar_shunt(image(), (outside, *regions()))
    over = rectangle(PlanarOrgan.LIVER, PlanarView.ANTERIOR, (25, 40), (10, 30))
    with pytest.raises(InputError, match="overlap on the anterior view"):
        planar_shunt(image(), (over, *regions()))


def test_a_region_has_corners_and_views_have_one_size() -> None:
    with pytest.raises(InputError, match="a polygon has three or more"):
        PlanarRegion(organ=PlanarOrgan.LUNGS, view=PlanarView.ANTERIOR, corners=((1, 1), (2, 2)))
    with pytest.raises(GeometryError, match="same rows and columns"):
        replace(image(), posterior=np.zeros((3, 3), dtype=np.float32))
    with pytest.raises(InputError, match="not finite"):
        replace(image(), posterior=np.full(SHAPE, np.nan, dtype=np.float32))


def case_with_planar(**facts: object) -> Case:
    planar = CasePlanar(id="planar", image=image(), regions=regions())
    given: dict[str, object] = {"planar": (planar,), "work_up": scouts.no_shunt(), **facts}
    return replace(scouts.case(), **given)  # type: ignore[arg-type]  # test facts


def said(workup: Workup, rule: str) -> list[Finding]:
    return [one for one in workup.findings if one.rule == rule]


def test_the_work_up_takes_the_planar_shunt_where_there_is_no_other() -> None:
    found = work_up(case_with_planar(), site())
    assert found.lung_shunt.fraction == pytest.approx(TRUE)
    assert not said(found, "lung_shunt_unknown")


def test_a_stated_shunt_wins_and_the_planar_one_stands_beside_it() -> None:
    facts = WorkUpFacts(lung_shunt_fraction=0.08, lung_shunt_method="elsewhere")
    found = work_up(case_with_planar(work_up=facts), site())
    assert found.lung_shunt.fraction == 0.08
    assert "planar views show 5.26%" in said(found, "lung_shunt_compared")[0].text


def test_planar_views_without_regions_are_said_to_be_so() -> None:
    planar = CasePlanar(id="planar", image=image(), regions=())
    found = work_up(case_with_planar(planar=(planar,)), site())
    assert found.lung_shunt.fraction is Missing.NEEDS_LUNG_SHUNT
    assert said(found, "planar_without_regions")


def test_the_tomographic_shunt_wins_and_both_are_named() -> None:
    lung = (slice(0, 8), slice(2, 28), slice(2, 38))
    values = scouts.scout_values()
    free = np.ones(scouts.GRID.shape, dtype=bool)
    free[scouts.LIVER] = False
    given = scouts.structures(lungs=lung)
    inside = given.labelled("lungs").mask.values & free
    values[inside] += 0.5
    found = work_up(case_with_planar(**scouts_with(values, given)), site())
    assert found.lung_shunt.method.startswith("SPECT")
    [both] = said(found, "lung_shunt_by_two_methods")
    assert both.value == pytest.approx(TRUE)
    liked = work_up(
        case_with_planar(**scouts_with(values, given)), site(lung_shunt_method="planar")
    )
    assert liked.lung_shunt.fraction == pytest.approx(TRUE)
    [both] = said(liked, "lung_shunt_by_two_methods")
    assert both.limit == pytest.approx(TRUE)


def scouts_with(values: NDArray[np.float64], given: object) -> dict[str, object]:
    made = scouts.case(values, given)  # type: ignore[arg-type]  # a structure set
    return {"images": made.images, "structures": made.structures}
