"""The commands on published and shared evidence: one group, `evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from opensirt.cli.answer import Progress, findings, json_option, say_json, table
from opensirt.cli.options import db_option, images_option

if TYPE_CHECKING:
    from opensirt.app.evidence_meta import MetaAnalysis
    from opensirt.domain.unit_of_analysis import UnitOfAnalysis

_PATH = click.Path(path_type=Path)


@click.group()
def evidence() -> None:
    """Read, pool and add published and shared evidence."""


@evidence.command("list")
@click.option("--outcome", default="", help="Only rows of this endpoint, such as dcr.")
@click.option("--endpoints", is_flag=True, help="Only the names of the endpoints.")
@json_option
def list_(*, outcome: str, endpoints: bool, as_json: bool) -> None:
    """List the published outcomes, those from memory apart."""
    from opensirt.app.evidence_meta import evidence_base
    from opensirt.domain.citation import Status
    from opensirt.domain.missing import Missing

    base = evidence_base()
    if endpoints:
        if as_json:
            say_json({"schema": "opensirt/evidence-endpoints/1", "endpoints": base.endpoints})
            return
        click.echo("\n".join(base.endpoints))
        return
    rows = [one for one in base.outcomes if outcome in ("", one.endpoint)]
    if as_json:
        say_json(
            {
                "schema": "opensirt/evidence-list/1",
                "studies": base.studies,
                "outcomes": [one for one in rows if one.status is not Status.MEMORY],
                "from_memory": [one for one in rows if one.status is Status.MEMORY],
            }
        )
        return
    columns = ("row", "study", "endpoint", "criterion", "time", "unit", "count", "value", "status")
    for title, memory in (("Outcomes", False), ("⚠ From memory, never pooled unless asked", True)):
        shown = [one for one in rows if (one.status is Status.MEMORY) is memory]
        if shown:
            table(
                f"{title}: {len(shown)} rows",
                columns,
                [
                    (
                        one.key,
                        one.study,
                        one.endpoint,
                        one.criterion,
                        one.time_point,
                        one.unit.value,
                        "—"
                        if isinstance(one.counts, Missing)
                        else f"{one.counts[0]}/{one.counts[1]}",
                        _value(one.value, one.value_unit, one.percent),
                        one.status.value,
                    )
                    for one in shown
                ],
            )


def _value(value: object, unit: str, percent: object) -> str:
    if isinstance(value, float):
        return f"{value:g} {unit}"
    return f"{percent:g} %" if isinstance(percent, float) else "—"


@evidence.command("meta")
@click.option("--outcome", required=True, help="Endpoint, such as dcr or orr.")
@click.option("--device", default="", help="Only studies of this device.")
@click.option("--criterion", default="", help="Only rows judged by this criterion.")
@click.option("--time-point", default="", help="Only rows of this time point.")
@click.option(
    "--unit",
    default="patient",
    show_default=True,
    help="What is counted: patient, procedure or lesion; never mixed.",
)
@click.option("--study", "studies", multiple=True, help="Only these studies; repeat.")
@click.option("--without", multiple=True, help="Leave this study out; repeat.")
@click.option("--with-memory", is_flag=True, help="Pool rows known from memory only, too.")
@click.option(
    "--with-combined", is_flag=True, help="Pool studies with another treatment given too."
)
@click.option(
    "--by", multiple=True, help="Subgroups: device, prior_prrt, grade, criterion; repeat."
)
@click.option("--regress", default="", help="Meta-regression on a number: year, patients.")
@click.option(
    "--ours",
    metavar="X/N",
    help="Our centre, to set beside: events/patients, or store for those of --db.",
)
@db_option
@images_option
@click.option(
    "--own",
    nargs=2,
    multiple=True,
    type=_PATH,
    metavar="STUDIES.toml OUTCOMES.csv",
    help="Evidence of a site's own, joined to the published; repeat.",
)
@click.option("--plot", type=_PATH, metavar="FILE.png", help="Write a picture.")
@click.option(
    "--picture",
    default="forest",
    show_default=True,
    help="Which picture: forest, funnel or bubble.",
)
@json_option
def meta(
    *,
    outcome: str,
    device: str,
    criterion: str,
    time_point: str,
    unit: str,
    studies: tuple[str, ...],
    without: tuple[str, ...],
    with_memory: bool,
    with_combined: bool,
    by: tuple[str, ...],
    regress: str,
    ours: str | None,
    db: str | None,
    images: Path | None,
    own: tuple[tuple[Path, Path], ...],
    plot: Path | None,
    picture: str,
    as_json: bool,
) -> None:
    """Pool an outcome over studies; k is told.

    Studies that share patients are refused together. Rows known from memory only are left out
    and shown apart.
    """
    from opensirt.app.evidence_meta import meta_analysis, meta_document
    from opensirt.outcomes.evidence.question import Question

    question = Question(
        endpoint=outcome,
        unit=_unit(unit),
        device=device,
        criterion=criterion,
        time_point=time_point,
        studies=studies,
        without=without,
        with_memory=with_memory,
        with_combined=with_combined,
    )
    with Progress() as progress:
        progress("pooling")
        counts, words = _counts(ours, db, images, outcome)
        made = meta_analysis(question, own=own, by=by, regress=regress, ours=counts)
        if plot is not None:
            from opensirt.app.evidence_picture import write_picture

            write_picture(plot, made, kind=picture)
    if as_json:
        say_json({**meta_document(made), "our_centre_counted": words})
        return
    _say_meta(made)
    if words:
        click.echo(f"our centre: {words}.")
    if plot is not None:
        click.echo(f"written: {plot}")


def _unit(word: str) -> UnitOfAnalysis:
    from opensirt.domain.unit_of_analysis import UnitOfAnalysis
    from opensirt.errors import UnknownNameError

    for one in UnitOfAnalysis:
        if one.value == word:
            return one
    raise UnknownNameError("unit of analysis", word, (one.value for one in UnitOfAnalysis))


def _counts(
    text: str | None, db: str | None, images: Path | None, outcome: str
) -> tuple[tuple[int, int] | None, str | None]:
    """Return our events and patients, and where a store gave them what was counted."""
    from opensirt.errors import InputError

    if text is None:
        return None, None
    if text == "store":
        from opensirt.app.our_centre import counts_of_store

        found = counts_of_store(db, images, outcome)
        return (found.count, found.of), found.words
    first, mark, second = text.partition("/")
    if not mark or not first.strip().isdigit() or not second.strip().isdigit():
        raise InputError(
            f"our centre is {text!r}; events/patients such as 20/30, or store, is wanted"
        )
    return (int(first), int(second)), None


def _say_meta(made: MetaAnalysis) -> None:
    from opensirt.cli.evidence_tables import say_meta

    say_meta(made)


@evidence.command("add")
@click.argument("records", nargs=-1, metavar="FILE...", type=_PATH)
@click.option(
    "--library",
    required=True,
    type=_PATH,
    metavar="FILE.json",
    help="Where records are kept; it only grows.",
)
@click.option(
    "--form",
    default="",
    help="Format: ris, bibtex, medline, pubmed-xml, doaj, catalogue [seen from the file].",
)
@click.option(
    "--decisions",
    type=_PATH,
    metavar="FILE.csv",
    help="Decisions of the readers: columns record, decision, stage, reason.",
)
@click.option("--plot", type=_PATH, metavar="FILE.png", help="Write the PRISMA flow diagram.")
@json_option
def add(
    records: tuple[Path, ...],
    *,
    library: Path,
    form: str,
    decisions: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Add bibliographic records; keep the PRISMA flow.

    Duplicates are recognised by DOI, PMID or title and counted; nothing is dropped silently.
    """
    from opensirt.app.evidence_library import add_to_library

    with Progress() as progress:
        progress("reading")
        made = add_to_library(records, library=library, form=form, decisions=decisions)
        if plot is not None:
            from opensirt.report.figures.prisma import prisma_png
            from opensirt.whole_file import whole_file

            with whole_file(plot) as part:
                part.write_bytes(prisma_png(made.flow, title=f"Records in {library.name}"))
    if as_json:
        say_json({"schema": "opensirt/evidence-add/1", "library": library.name, "state": made})
        return
    for name, count in made.added.items():
        click.echo(f"{name}: {count} records added")
    for name in made.known:
        click.echo(f"{name}: known already, nothing added")
    if made.duplicates:
        table(
            f"Duplicates: {len(made.duplicates)}",
            ("record", "by", "is the same as"),
            [(one.record.source, one.by, one.of.source) for one in made.duplicates],
        )
    if made.unreadable:
        table(
            f"Could not be taken: {len(made.unreadable)}",
            ("record", "reason"),
            [(one.source, one.reason) for one in made.unreadable],
        )
    flow = made.flow
    table(
        "PRISMA flow",
        ("stage", "records"),
        [
            ("identified", str(sum(flow.identified.values()))),
            ("could not be read", str(flow.unreadable)),
            ("duplicates", str(flow.duplicates)),
            ("screened", str(flow.screened)),
            *((f"excluded: {why}", str(n)) for why, n in flow.excluded_at_title.items()),
            ("full text assessed", str(flow.sought)),
            *((f"excluded: {why}", str(n)) for why, n in flow.excluded_at_full_text.items()),
            ("included", str(flow.included)),
            ("not decided yet", str(flow.undecided)),
        ],
    )


@evidence.command("pool")
@click.argument("shared", nargs=-1, required=True, metavar="FILE...", type=_PATH)
@click.option(
    "--plan", required=True, type=_PATH, metavar="PLAN.toml", help="What the centres agreed on."
)
@click.option(
    "--point", type=_PATH, metavar="POINT.json", help="Point of this round; none in round 0."
)
@click.option(
    "--trust",
    type=_PATH,
    metavar="KEYS.toml",
    help='Confirmed keys: lines centre = "fingerprint".',
)
@click.option("--out", type=_PATH, metavar="POINT.json", help="Write the point of the next round.")
@json_option
def pool(
    shared: tuple[Path, ...],
    *,
    plan: Path,
    point: Path | None,
    trust: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Join the shared files of several centres.

    Signatures are checked first. One Newton step for each round; when a model has converged, its
    estimates are those of one table of all centres.
    """
    from opensirt.app.pool_shared import pool_shared_files
    from opensirt.cli.evidence_tables import round_document, say_round

    with Progress() as progress:
        progress("pooling")
        made = pool_shared_files(
            shared, plan_path=plan, point_path=point, trust_path=trust, out=out
        )
    if as_json:
        say_json(round_document(made))
        return
    findings(made.findings)
    say_round(made)
    if out is not None and not made.round.converged:
        click.echo(f"next point for the centres: {out}")
