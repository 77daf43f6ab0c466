"""The truth table of every criterion that sums targets, made from its own fields.

Each limit is met from both sides, at baseline and at a smaller nadir, with every pattern of
targets that were not measured. The expected category is found here in whole thousandths, by
asking every completion of what is missing.
"""

from fractions import Fraction
from itertools import product

import pytest

from opensirt.clinical.response.criterion import SumCriterion, sum_criterion, sum_criterion_names
from opensirt.clinical.response.target import TargetSizes, target_response
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory

CR, PR = ResponseCategory.COMPLETE, ResponseCategory.PARTIAL
SD, PD, NE = ResponseCategory.STABLE, ResponseCategory.PROGRESSIVE, ResponseCategory.NOT_EVALUABLE

BASELINE = {"a": 60.0, "b": 40.0}
STEP = Fraction(1, 1000)


def exact(value: float) -> Fraction:
    return Fraction(str(value))


def reached(value: Fraction, limit: Fraction, *, included: bool, up: bool) -> bool:
    if value == limit:
        return included
    return value > limit if up else value < limit


def grown(now: Fraction, reference: Fraction, rule: SumCriterion) -> bool:
    if now <= reference:
        return False
    limit = exact(rule.progression_fraction) * reference
    if not reached(now, limit, included=rule.progression_included, up=True):
        return False
    if rule.progression_absolute is None:
        return True
    return now - reference >= exact(rule.progression_absolute)


def expected(
    now: dict[str, Fraction | None], smallest: dict[str, Fraction], rule: SumCriterion
) -> ResponseCategory:
    """Return the category by the text of the criterion, written again."""
    base = {name: exact(size) for name, size in BASELINE.items()}
    references = smallest if rule.progression_reference == "nadir" else base
    known = {name: size for name, size in now.items() if size is not None}
    if rule.progression_of == "any_lesion":
        progressive = any(grown(size, references[name], rule) for name, size in known.items())
    else:
        progressive = grown(
            sum(known.values(), Fraction()), sum(references.values(), Fraction()), rule
        )
    if progressive:
        return PD
    if len(known) < len(now):
        return NE
    total, first = sum(known.values(), Fraction()), sum(base.values())
    if all(size == 0 for size in known.values()):
        return CR
    limit = exact(rule.partial_fraction) * first
    return PR if reached(total, limit, included=rule.partial_included, up=False) else SD


def sums_around(rule: SumCriterion, smallest: Fraction) -> list[Fraction]:
    """Return sums on, just below and just above every limit, and both ends."""
    first = sum((exact(one) for one in BASELINE.values()), Fraction())
    limits = [
        exact(rule.partial_fraction) * first,
        exact(rule.progression_fraction) * smallest,
        exact(rule.progression_fraction) * first,
        smallest,
        first,
    ]
    if rule.progression_absolute is not None:
        limits += [smallest + exact(rule.progression_absolute)]
    around = [limit + step for limit in limits for step in (-STEP, Fraction(), STEP)]
    return sorted({Fraction(), *(one for one in around if one >= 0), 2 * first})


def splits(total: Fraction) -> list[tuple[Fraction, Fraction]]:
    """Return ways in which two targets make a sum: one of them gone, and in proportion."""
    return [(total, Fraction()), (Fraction(), total), (total * 3 / 5, total * 2 / 5)]


@pytest.mark.parametrize("name", sum_criterion_names())
def test_every_limit_from_both_sides_with_every_pattern_of_missing_targets(name: str) -> None:
    rule = sum_criterion(name)
    seen: set[ResponseCategory] = set()
    rows = 0
    # nadir at baseline, smaller in proportion, and so small that an absolute limit matters
    for part in (Fraction(1), Fraction(1, 2), Fraction(1, 10)):
        smallest = {key: exact(size) * part for key, size in BASELINE.items()}
        for total in sums_around(rule, sum(smallest.values(), Fraction())):
            for sizes, absent in product(splits(total), product((False, True), repeat=2)):
                now = {
                    key: None if gone else size
                    for key, size, gone in zip(BASELINE, sizes, absent, strict=True)
                }
                given = TargetSizes(
                    baseline=BASELINE,
                    now={
                        key: Missing.NOT_DONE if size is None else float(size)
                        for key, size in now.items()
                    },
                    smallest=float(sum(smallest.values())),
                    smallest_each={key: float(size) for key, size in smallest.items()},
                )
                wanted = expected(now, smallest, rule)
                assert target_response(given, rule) is wanted, (now, smallest)
                seen.add(wanted)
                rows += 1
    assert seen == {CR, PR, SD, PD, NE}
    assert rows > 300


@pytest.mark.parametrize("name", sum_criterion_names())
def test_what_was_not_measured_is_decided_only_when_nothing_could_change_it(name: str) -> None:
    rule = sum_criterion(name)
    smallest = {key: exact(size) / 2 for key, size in BASELINE.items()}
    completions = [Fraction(n) for n in (0, 1, 10, 20, 30, 40, 60, 100, 400)]
    for size in completions:
        answer = expected({"a": size, "b": None}, smallest, rule)
        possible = {expected({"a": size, "b": one}, smallest, rule) for one in completions}
        if answer is not NE:
            assert possible == {answer} == {PD}
