"""Every activity beside its recomputation."""

from collections.abc import Sequence

from opensirt.domain.missing import Missing
from opensirt.domain.second_check import SecondCheck
from opensirt.reference.table import read_table
from opensirt.report.content import Column, Paragraph, Section, Table, row
from opensirt.report.number import as_gbq, signed
from opensirt.report.wording import device_words, model_words


def second_check_section(checks: Sequence[SecondCheck]) -> Section:
    """Return the second check of every activity of a plan."""
    bound = read_table("second_check")["difference"]["fraction_at_most"]
    rows = []
    for one in checks:
        difference = one.difference_fraction
        apart = not isinstance(difference, Missing) and abs(difference) > bound
        model, _, more = one.model.partition(", ")
        rows.append(
            row(
                device_words(one.device),
                model_words(model) + (f", {more}" if more else ""),
                one.territory,
                one.quantity,
                as_gbq(one.stated_bq),
                as_gbq(one.recomputed_bq),
                difference.value
                if isinstance(difference, Missing)
                else signed(100 * difference, 2),
                one.how,
                strong=apart,
            )
        )
    return Section(
        "Second check",
        (
            Paragraph(
                "Each activity reckoned again by code that shares nothing with the planning "
                "models: the tissues are counted anew on the scout by nearest voxel, and counts "
                f"and volumes are turned into activity. More than {bound:.0%} apart stops the plan."
            ),
            Table(
                "Activities reckoned a second time",
                (
                    Column("Device", numeric=False),
                    Column("Model", numeric=False, share=1.8),
                    Column("Territory", numeric=False),
                    Column("Activity", numeric=False, share=1.6),
                    Column("Stated", "GBq"),
                    Column("Second path", "GBq"),
                    Column("Difference", "%"),
                    Column("From", numeric=False, share=2.6),
                ),
                tuple(rows),
            ),
        ),
        wide=True,
    )
