"""Waterfall, spider and swimmer of many patients, as files."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from opensirt.clinical.follow_up_record import FollowUp
from opensirt.clinical.response.criterion import SumCriterion, sum_criterion, sum_criterion_names
from opensirt.errors import InputError, UnknownNameError
from opensirt.report.figures.response_plots import spider_png, swimmer_png, waterfall_png
from opensirt.report.response_values import (
    patient_bar,
    patient_lane,
    patient_line,
    plot_limits,
    plot_quantity,
)
from opensirt.whole_file import whole_file


def response_plots(
    follow_ups: Mapping[str, FollowUp],
    criterion: str,
    own: Mapping[str, SumCriterion] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Return ``waterfall``, ``spider`` and ``swimmer`` of patients by one criterion, as PNG.

    Bars are the best change of each patient's targets, coloured by best overall response; those
    that could not be judged stand at the end. Every patient has a lane.

    Parameters
    ----------
    follow_ups
        Pseudonym → follow-up.
    criterion
        Name of a criterion; the same for all patients, since criteria are never pooled.
    own
        Criteria of the site by name.

    Raises
    ------
    UnknownNameError
        When there is no such criterion.
    InputError
        When no patient has an assessment by it.
    """
    rule = own[criterion] if criterion in own else _shipped(criterion, own)
    title = rule.title
    bars = [patient_bar(key, one, criterion) for key, one in follow_ups.items()]
    lines = [patient_line(key, one, criterion) for key, one in follow_ups.items()]
    known = [one for one in bars if one is not None]
    if not known:
        raise InputError(
            f"none of {len(follow_ups)} patients has an assessment by {title}; choose a criterion "
            "whose sizes were measured before and after treatment"
        )
    limits, quantity = plot_limits(rule), plot_quantity(rule)
    words = f"{title}, {len(known)} of {len(follow_ups)} patients assessed"
    return {
        "waterfall": waterfall_png(
            known, title=f"Best change, {words}", quantity=quantity, limits=limits
        ),
        "spider": spider_png(
            [one for one in lines if one is not None],
            title=f"Change over time, {words}",
            quantity=quantity,
            limits=limits,
        ),
        "swimmer": swimmer_png(
            [patient_lane(key, one, criterion) for key, one in follow_ups.items()],
            title=f"Response of each patient, {title}",
        ),
    }


def _shipped(criterion: str, own: Mapping[str, SumCriterion]) -> SumCriterion:
    if criterion not in sum_criterion_names():
        raise UnknownNameError("response criterion", criterion, (*sum_criterion_names(), *own))
    return sum_criterion(criterion)


def write_response_plots(
    folder: Path,
    follow_ups: Mapping[str, FollowUp],
    criterion: str,
    own: Mapping[str, SumCriterion] = MappingProxyType({}),
) -> tuple[Path, ...]:
    """Write the plots as ``<plot>_<criterion>.png`` and return their paths.

    Raises
    ------
    InputError, UnknownNameError
        As `response_plots` does; nothing is written then.
    """
    made = response_plots(follow_ups, criterion, own)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, png in made.items():
        path = folder / f"{name}_{criterion}.png"
        with whole_file(path) as part:
            part.write_bytes(png)
        paths.append(path)
    return tuple(paths)
