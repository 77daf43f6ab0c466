"""Choi criteria as in radiopaedia.org (choi-response-criteria-1)."""

from itertools import product
from typing import Any

import pytest

from opensirt.clinical.response.choi import ChoiInput, choi_response
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.errors import InputError, UnknownNameError

CR, PR, SD, PD, _, NE = ResponseCategory


def category(
    size: float | Missing,
    attenuation: float | Missing,
    *,
    new: bool | Missing = False,
    gone: bool = False,
    variant: str = "choi",
) -> ResponseCategory:
    return choi_response(
        ChoiInput(
            baseline_mm=100.0,
            now_mm=size if isinstance(size, Missing) else 100.0 * (1 + size),
            baseline_hu=100.0,
            now_hu=attenuation if isinstance(attenuation, Missing) else 100 * (1 + attenuation),
            new_lesion=new,
            all_gone=gone,
        ),
        variant=variant,
    ).category


@pytest.mark.parametrize(
    ("size", "attenuation", "choi", "modified"),
    [
        (-0.10, 0.0, PR, SD),
        (-0.099, 0.0, SD, SD),
        (0.0, -0.15, PR, SD),
        (0.0, -0.149, SD, SD),
        (-0.10, -0.15, PR, PR),
        (0.10, 0.0, PD, PD),
        (0.099, 0.0, SD, SD),
        (0.10, -0.15, PR, SD),
        (0.10, -0.149, PD, PD),
        (0.0, 0.5, SD, SD),
    ],
)
def test_limits_from_both_sides(
    size: float, attenuation: float, choi: ResponseCategory, modified: ResponseCategory
) -> None:
    assert category(size, attenuation) is choi
    assert category(size, attenuation, variant="modified") is modified


@pytest.mark.parametrize("variant", ["choi", "modified"])
def test_a_new_lesion_is_progression_and_all_gone_is_complete(variant: str) -> None:
    assert category(-0.5, -0.5, new=True, variant=variant) is PD
    assert category(-1.0, Missing.NOT_EVALUABLE, gone=True, variant=variant) is CR
    assert category(-1.0, Missing.NOT_EVALUABLE, gone=True, new=True, variant=variant) is PD


@pytest.mark.parametrize("variant", ["choi", "modified"])
def test_every_pattern_of_what_is_missing(variant: str) -> None:
    sizes: tuple[Any, ...] = (-0.2, 0.0, 0.2)
    attenuations: tuple[Any, ...] = (-0.3, 0.0)
    news: tuple[Any, ...] = (False, True)
    complete: dict[tuple[Any, ...], ResponseCategory] = {
        (s, a, n): category(s, a, new=n, variant=variant)
        for s, a, n in product(sizes, attenuations, news)
    }
    gone = Missing.NOT_DONE
    for pattern in product((*sizes, gone), (*attenuations, gone), (*news, gone)):
        possible = {
            outcome
            for values, outcome in complete.items()
            if all(p is gone or p == v for p, v in zip(pattern, values, strict=True))
        }
        found = category(pattern[0], pattern[1], new=pattern[2], variant=variant)
        assert found is (possible.pop() if len(possible) == 1 else NE)


def test_impossible_input_is_refused() -> None:
    with pytest.raises(InputError, match="sum of 0 mm at baseline"):
        ChoiInput(baseline_mm=0.0, now_mm=1.0, baseline_hu=50.0, now_hu=50.0, new_lesion=False)
    with pytest.raises(InputError, match="needs a positive one"):
        ChoiInput(baseline_mm=9.0, now_mm=1.0, baseline_hu=-5.0, now_hu=50.0, new_lesion=False)
    with pytest.raises(UnknownNameError, match="variant of Choi 'best'"):
        category(0.0, 0.0, variant="best")


def test_a_missing_baseline_attenuation_is_said_to_be_the_reason() -> None:
    found = choi_response(
        ChoiInput(
            baseline_mm=100.0,
            now_mm=100.0,
            baseline_hu=Missing.NOT_DONE,
            now_hu=50.0,
            new_lesion=False,
        ),
        variant="choi",
    )
    assert found.category is NE
    assert found.attenuation_change_fraction is Missing.NEEDS_BASELINE
