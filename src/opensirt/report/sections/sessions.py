"""Doses of all sessions: what earlier treatments gave, what this one adds, the sums."""

from opensirt.domain.missing import Missing
from opensirt.domain.session_dose import CumulativeDose, Number, SessionDose
from opensirt.report.content import Block, Cell, Column, Section, Table, marked, row
from opensirt.report.number import as_gy
from opensirt.report.wording import UNVERIFIED_LEGEND

_ABSENT = "—"


def sessions_section(planned: CumulativeDose | None, measured: CumulativeDose | None) -> Section:
    """Return the tables of all sessions, with the plan and with the measured dose as the last."""
    blocks: list[Block] = []
    if planned is not None:
        blocks.append(_table(planned, "Lungs and normal liver, all sessions, with this plan"))
    if measured is not None:
        blocks.append(
            _table(measured, "Lungs and normal liver, all sessions, with the measured dose")
        )
    return Section("All sessions", tuple(blocks))


def worth_showing(one: CumulativeDose | None) -> bool:
    """Whether there is an earlier session to add."""
    return one is not None and bool(one.earlier)


def _table(one: CumulativeDose, caption: str) -> Table:
    names = list(one.territories_gy)
    columns = (
        Column("Session", numeric=False, share=2.0),
        Column("Day", numeric=False, share=1.0),
        Column("Lungs", "Gy"),
        Column("Normal liver", "Gy"),
        Column(marked("Normal liver, BED", verified=one.radiobiology_verified), "Gy", share=1.2),
        *(Column(f"Normal liver of {name}", "Gy") for name in names),
    )
    notes = [
        f"{session.words}: {'; '.join(session.assumptions)}"
        for session in one.sessions
        if session.assumptions
    ]
    eqd2 = one.normal_liver_eqd2_gy
    said = eqd2.value if isinstance(eqd2, Missing) else f"{as_gy(eqd2)} Gy"
    notes.append(
        f"Sum of the normal liver in fractions of 2 Gy: {said}, with α/β = "
        f"{one.alpha_beta_ratio_gy:g} Gy ({one.radiobiology_source}). Sums of BED take no recovery "
        "between sessions into account: no model of it is accepted."
    )
    if not one.complete:
        notes.append(
            "A dose of an earlier session is not known: the sum is at least that of the others."
        )
    if not one.radiobiology_verified:
        notes.append(UNVERIFIED_LEGEND)
    sums = row(
        "Together",
        "",
        _at_least(one.lung_gy, one.lung_gy_at_least),
        _at_least(one.normal_liver_gy, one.normal_liver_gy_at_least),
        as_gy(one.normal_liver_bed_gy),
        *(as_gy(one.territories_gy[name]) for name in names),
        strong=True,
    )
    return Table(
        caption, columns, (*(_row(session, names) for session in one.sessions), sums), tuple(notes)
    )


def _row(one: SessionDose, names: list[str]) -> tuple[Cell, ...]:
    return row(
        one.words,
        _ABSENT if isinstance(one.on, Missing) else one.on.isoformat(),
        as_gy(one.lung_gy),
        as_gy(one.normal_liver_gy),
        as_gy(one.normal_liver_bed_gy),
        *(
            as_gy(one.territories_gy[name]) if name in one.territories_gy else _ABSENT
            for name in names
        ),
    )


def _at_least(total: Number, known: float) -> str:
    return f"at least {as_gy(known)}" if isinstance(total, Missing) else as_gy(total)
