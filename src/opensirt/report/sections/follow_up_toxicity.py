"""Toxicity in words: worst grades, shift tables, liver disease with evidence, late change."""

from opensirt.clinical.follow_up_record import FollowUp, ReildFollowUp, WindowToxicity
from opensirt.clinical.predicate.facts import fact_named
from opensirt.domain.missing import Missing
from opensirt.domain.score import Number
from opensirt.report.content import Block, Cell, Column, Facts, Paragraph, Table, marked, row
from opensirt.report.number import as_percent, rounded

_UNKNOWN_CODE = 6
_GRADES = ("0", "1", "2", "3", "4", "5", "unknown")

_ACRONYMS = frozenset({"alp", "alt", "ast", "ggt", "inr"})


def toxicity_blocks(follow_up: FollowUp) -> list[Block]:
    """Return worst grades and shifts of every window and version, events by their windows."""
    blocks: list[Block] = []
    for one in follow_up.toxicity:
        worst = _worst(one)
        if worst.rows:
            blocks += [worst, _shift(one)]
        else:
            blocks.append(
                Paragraph(f"{_window(one)}: no laboratory value after treatment, and no event.")
            )
    if follow_up.late_events:
        blocks.append(_late_events(follow_up))
    blocks.append(_late_liver(follow_up))
    return blocks


def _window(one: WindowToxicity) -> str:
    return f"CTCAE {one.version.value}, days {one.first_day} to {one.last_day}"


def _grade(value: int | Missing) -> str:
    return value.value if isinstance(value, Missing) else str(value)


def _worst(one: WindowToxicity) -> Table:
    rows = [
        row(
            term.term,
            _grade(term.baseline_grade),
            Cell(
                f"at least {term.at_least}" if isinstance(term.grade, Missing) else str(term.grade),
                strong=True,
            ),
            "" if term.on is None else term.on.isoformat(),
            str(term.n_values),
        )
        for term in one.laboratory
        if term.n_values
    ]
    rows += [
        row(
            event.term.replace("_", " "),
            "event",
            Cell(str(event.grade), strong=True),
            event.on.isoformat(),
            "",
        )
        for event in one.events
    ]
    unsure = any(term.n_values and isinstance(term.grade, Missing) for term in one.laboratory)
    note = (
        "At least: the grade hangs on what is not recorded, such as a limit of normal, or for the "
        "INR whether the patient is anticoagulated."
    )
    return Table(
        f"Worst grade of each term, {_window(one)}",
        (
            Column("Term", numeric=False, share=2.2),
            Column("Baseline", numeric=False),
            Column("Worst", numeric=False),
            Column("First on", numeric=False, share=1.2),
            Column("Values", share=0.7),
        ),
        tuple(rows),
        (note,) if unsure else (),
    )


def _shift(one: WindowToxicity) -> Table:
    used = [number for number, counts in enumerate(one.shift) if any(counts)]
    rows = tuple(
        row(f"baseline {_GRADES[number]}", *(str(count) for count in one.shift[number]))
        for number in used
    )
    return Table(
        f"Shift of laboratory terms from baseline to worst, {_window(one)}",
        (
            Column("", numeric=False, share=1.4),
            *(Column(f"worst {name}") for name in _GRADES),
        ),
        rows,
        ("Terms are counted, the unknown ones too.",),
    )


def _late_events(follow_up: FollowUp) -> Table:
    return Table(
        "Events by the time when they are known to come",
        (
            Column("Window", numeric=False, share=1.4),
            Column("What belongs to it", numeric=False, share=3.2),
            Column("Events", numeric=False, share=2.4),
        ),
        tuple(
            row(
                marked(one.window.replace("_", " "), verified=one.citation.verified),
                one.text,
                "; ".join(
                    f"{event.term.replace('_', ' ')} grade {event.grade} on {event.on.isoformat()}"
                    for event in one.events
                )
                or "none recorded",
            )
            for one in follow_up.late_events
        ),
        ("That no event was recorded is no evidence that there was none.",),
    )


def _late_liver(follow_up: FollowUp) -> Block:
    late = follow_up.late_liver
    if isinstance(late, Missing):
        return Paragraph(f"Late change of the liver: {late.value}.")
    change = late.change
    return Facts(
        "Late change of the liver since baseline (no limit turns it into a verdict)",
        (
            (
                "Spleen volume",
                _change(change.spleen_volume_change_fraction)
                + ("" if late.spleen_on is None else f", {late.spleen_on.isoformat()}"),
            ),
            (
                "Platelets",
                _change(change.platelet_change_fraction)
                + ("" if late.platelets_on is None else f", {late.platelets_on.isoformat()}"),
            ),
            ("New varices", _yes(change.new_varices)),
            ("New ascites on imaging", _yes(change.new_ascites)),
            ("Cirrhosis-like morphology", _yes(change.cirrhosis_like_morphology)),
        ),
    )


def _change(value: Number) -> str:
    if isinstance(value, Missing):
        return value.value
    return f"{'+' if value > 0 else ''}{as_percent(value)} %"


def _yes(value: object) -> str:
    if isinstance(value, Missing):
        return value.value
    return {True: "yes", False: "no"}[bool(value)]


def liver_disease_blocks(follow_up: FollowUp) -> list[Block]:
    """Return every definition with its answer and evidence, and the Braat grade."""
    made = follow_up.reild
    blocks: list[Block] = [
        Table(
            "Liver disease after radioembolization, by definition",
            (
                Column("Definition", numeric=False, share=1.6),
                Column("Calls it", numeric=False, share=1.6),
                Column("Days", numeric=False, share=0.9),
                Column("Met", numeric=False, share=0.9),
                Column("Evidence", numeric=False, share=3.4),
                Column("Source", numeric=False, share=2.0),
            ),
            tuple(
                row(
                    marked(one.title, verified=one.citation.verified),
                    one.called,
                    _days(one),
                    Cell(_met(one), strong=one.met is True),
                    _evidence(one),
                    one.citation.source,
                )
                for one in made
            ),
            (
                (
                    "Each definition answers by itself, with evidence of its own window. A no "
                    "holds until today only while the window is open."
                ),
            ),
        )
    ]
    blocks.append(
        Table(
            "Braat grade of liver toxicity (only 3, 4 and 5 are called REILD)",
            (
                Column("CTCAE", numeric=False, share=0.6),
                Column("Grade", numeric=False, share=1.2),
                Column("REILD", numeric=False, share=1.2),
                Column("Risen", numeric=False, share=2.4),
                Column("Not known", numeric=False, share=3.0),
            ),
            tuple(
                row(
                    version,
                    Cell(
                        f"{one.lowest} to {one.highest}"
                        if isinstance(one.grade, Missing)
                        else str(one.grade),
                        strong=True,
                    ),
                    _yes(one.reild),
                    ", ".join(map(_item, one.risen)) or "none",
                    ", ".join(map(_item, one.missing)),
                )
                for version, one in follow_up.braat.items()
            ),
        )
    )
    return blocks


def _item(name: str) -> str:
    """Return an item of the grade as people write it.

    >>> _item("ast_increased"), _item("ascites")
    ('AST increased', 'ascites')
    """
    return " ".join(word.upper() if word in _ACRONYMS else word for word in name.split("_"))


def _days(one: ReildFollowUp) -> str:
    if isinstance(one.first_day, Missing):
        return one.first_day.value
    last = "on" if one.last_day is None else f"to {one.last_day}"
    return f"{one.first_day} {last}" + (", open" if one.window_open else "")


def _met(one: ReildFollowUp) -> str:
    if isinstance(one.met, Missing):
        return "unknown"
    if one.met:
        return "yes"
    return "not so far" if one.window_open else "no"


def _evidence(one: ReildFollowUp) -> str:
    words = []
    for item in one.evidence:
        value = item.value
        if isinstance(value, Missing):
            text = "not known"
        elif isinstance(value, bool):
            text = "yes" if value else "no"
        elif isinstance(value, float):
            text = f"{rounded(value)} {fact_named(item.fact).unit.removeprefix('1')}".rstrip()
        else:
            text = str(value).replace("_", " ")
        words.append(f"{fact_named(item.fact).text}: {text}")
    return "; ".join(words)
