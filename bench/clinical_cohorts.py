"""RECIST and mRECIST side by side in public patients (HCC-TACE-Seg), as the docs show it.

Run: OPENSIRT_TEST_DATA=<shared data> python bench/clinical_cohorts.py [PICTURE.png]
"""

import csv
import os
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from opensirt.clinical.response.best_response import ResponseRates, response_rates
from opensirt.clinical.response.course import assess_course
from opensirt.clinical.response.criterion import sum_criterion
from opensirt.domain.lesion import ImagingVisit, Lesion, LesionRole, Sight, SightState
from opensirt.domain.missing import Missing
from opensirt.domain.response import ResponseCategory
from opensirt.report.figures.canvas import png, sheet, style
from opensirt.report.figures.response_plots import CATEGORY_COLOURS

READERS = ("1",)
CRITERIA = {
    "RECIST": ("recist_1_1", "longest_diameter_mm"),
    "mRECIST": ("mrecist", "viable_diameter_mm"),
}
ORDER = tuple(ResponseCategory(one) for one in ("CR", "PR", "SD", "PD", "NE"))


def category(row: dict[str, str], reader: str, column: str) -> ResponseCategory:
    """Return the response of one patient from the two sizes of one reader."""
    name, field = CRITERIA[column]
    before, after = row[f"{reader}_{column}_BL"], row[f"{reader}_{column}_FU"]
    if not before:
        return ResponseCategory.NOT_EVALUABLE

    def sight(size: str) -> Sight:
        sizes = {field: float(size) if size else Missing.NOT_RECORDED}
        return Sight(state=SightState.MEASURED, **sizes)

    (found,) = assess_course(
        [Lesion(id="sum", organ="liver", role=LesionRole.TARGET)],
        ImagingVisit(on=date(2020, 1, 1), sights={"sum": sight(before)}),
        [ImagingVisit(on=date(2020, 6, 1), sights={"sum": sight(after)})],
        sum_criterion(name),
    ).assessments
    return found.overall


def picture(found: dict[str, ResponseRates], path: Path) -> None:
    """Draw the categories of every reader and criterion as parts of all patients."""
    with style():
        figure = sheet(1.7)
        axes = figure.add_axes((0.17, 0.33, 0.8, 0.5))
        for place, rates in enumerate(found.values()):
            left = 0.0
            for one in ORDER:
                count = rates.counts.get(one, 0)
                axes.barh(
                    place, count, left=left, color=CATEGORY_COLOURS[one.value], edgecolor="white"
                )
                if count:
                    axes.text(
                        left + count / 2, place, f"{one.value} {count}", ha="center", va="center"
                    )
                left += count
        axes.set_yticks(range(len(found)), list(found))
        axes.invert_yaxis()
        axes.set_xlabel("Patients")
        axes.set_title("The same 105 patients by two criteria (HCC-TACE-Seg)")
        path.write_bytes(png(figure))


def main(out: Path | None) -> None:
    """Print counts and response rates of each reader, and draw them."""
    source = Path(os.environ["OPENSIRT_TEST_DATA"]) / "data/cohorts/hcc_tace_seg/clinical.csv"
    with source.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = {
        f"reader {reader}, {column}": response_rates(
            [category(row, reader, column) for row in rows], n_treated=len(rows)
        )
        for reader in READERS
        for column in CRITERIA
    }
    for name, rates in found.items():
        counts = Counter({one.value: rates.counts.get(one, 0) for one in ORDER})
        share = rates.n_objective / rates.n_evaluable
        print(
            f"{name}: {dict(counts)}; objective {rates.n_objective}/{rates.n_evaluable} {share:.1%}"
        )
    if out is not None:
        picture(found, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
