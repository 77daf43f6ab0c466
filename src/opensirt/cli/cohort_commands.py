"""The commands on many patients: one group, `cohort`."""

from datetime import UTC, datetime
from pathlib import Path

import click

from opensirt.cli.answer import Progress, json_option, say_json, table
from opensirt.cli.options import author_option, db_option, images_option
from opensirt.cli.outcome_commands import dose_response, local_target, simulate, survival
from opensirt.cli.share_command import share


@click.group()
def cohort() -> None:
    """Work on many patients: a store and tables."""


for _command in (share, survival, dose_response, local_target, simulate):
    cohort.add_command(_command)


@cohort.command("import")
@click.argument(
    "sources", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path)
)
@db_option
@images_option
@author_option
@json_option
def import_(
    sources: tuple[Path, ...],
    *,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Take case folders into the store.

    Each FOLDER is a case, or holds case folders. What is in the store is never changed: a case
    that was taken before gets a new version where something changed.
    """
    from opensirt.app.store_case import case_folders, import_case
    from opensirt.store.store import open_store

    made = []
    with Progress() as progress, open_store(db, images=images) as store:
        for folder in case_folders(sources):
            progress(f"importing {folder.name}")
            made.append(import_case(store, folder, author=author, at=datetime.now(UTC)))
    if as_json:
        say_json({"schema": "opensirt/cohort-import/1", "cases": made})
        return
    rows = [(one.key, one.outcome, str(one.n_records), str(one.n_files)) for one in made]
    table("Imported", ("case", "outcome", "new records", "files"), rows)
