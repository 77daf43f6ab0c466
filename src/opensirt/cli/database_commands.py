"""The commands on the store itself: db init, upgrade, backup, restore, check, identity."""

from pathlib import Path

import click

from opensirt.cli.answer import Progress, findings, json_option, say_json, table
from opensirt.cli.identity_commands import identity
from opensirt.cli.options import db_option, images_option


@click.group()
def db() -> None:
    """Make, check, back up the store of records."""


db.add_command(identity)


@db.command()
@db_option
@images_option
@json_option
def init(*, db: str | None, images: Path | None, as_json: bool) -> None:
    """Make a new store."""
    from opensirt.store.migrate import head_revision, init_store
    from opensirt.store.store import store_place

    place = store_place(db, images=images)
    store_id = init_store(place)
    _say(
        {
            "schema": "opensirt/db-init/1",
            "store": str(place),
            "images": place.images,
            "id": store_id,
            "revision": head_revision(),
        },
        as_json=as_json,
    )


@db.command()
@db_option
@images_option
@json_option
def upgrade(*, db: str | None, images: Path | None, as_json: bool) -> None:
    """Bring a store up to this version of the program.

    All of it or nothing; make a backup first.
    """
    from opensirt.errors import StoreError
    from opensirt.store.migrate import current_revision, upgrade_store
    from opensirt.store.store import store_place

    place = store_place(db, images=images)
    if current_revision(place) is None:
        raise StoreError(f"there is no store at {place}; make one with: opensirt db init")
    before, after = upgrade_store(place)
    _say(
        {"schema": "opensirt/db-upgrade/1", "store": str(place), "before": before, "now": after},
        as_json=as_json,
    )


@db.command()
@click.argument("archive", metavar="FILE.zip", type=click.Path(path_type=Path))
@db_option
@images_option
@json_option
def backup(archive: Path, *, db: str | None, images: Path | None, as_json: bool) -> None:
    """Write the whole store to one file.

    The file holds who the patients are, if the store does: keep it as safe as the store.
    """
    from opensirt.store.archive import backup_store
    from opensirt.store.store import open_store

    with Progress() as progress, open_store(db, images=images) as store:
        progress("backup")
        made = backup_store(store, archive)
    _say(
        {
            "schema": "opensirt/db-backup/1",
            "file": archive,
            "rows": made.n_rows,
            "images": made.n_images,
            "revision": made.revision,
        },
        as_json=as_json,
    )


@db.command()
@click.argument("archive", metavar="FILE.zip", type=click.Path(path_type=Path))
@db_option
@images_option
@json_option
def restore(archive: Path, *, db: str | None, images: Path | None, as_json: bool) -> None:
    """Make a new store from a backup, on either database."""
    from opensirt.store.archive import restore_store
    from opensirt.store.store import store_place

    place = store_place(db, images=images)
    with Progress() as progress:
        progress("restore")
        made = restore_store(archive, place)
    _say(
        {
            "schema": "opensirt/db-restore/1",
            "store": str(place),
            "rows": made.n_rows,
            "images": made.n_images,
        },
        as_json=as_json,
    )


@db.command()
@click.option(
    "--quick", is_flag=True, help="Do not read the images, only look that they are there."
)
@db_option
@images_option
@json_option
@click.pass_context
def check(
    ctx: click.Context, *, quick: bool, db: str | None, images: Path | None, as_json: bool
) -> None:
    """Compare every record and image with its hash.

    Exit code 1 when anything is wrong.
    """
    from opensirt.store.check import check_store
    from opensirt.store.store import open_store

    with Progress() as progress, open_store(db, images=images) as store:
        progress("checking")
        counts = store.counts()
        found = check_store(store, hash_images=not quick)
    if as_json:
        say_json(
            {
                "schema": "opensirt/db-check/1",
                "passed": found.passed,
                "records": found.n_records,
                "images": found.n_images,
                "image_bytes": found.n_bytes,
                "images_hashed": found.images_hashed,
                "counts": counts,
                "findings": found.findings,
            }
        )
    else:
        findings(found.findings)
        table("Store", ("", ""), [(name, str(n)) for name, n in counts.items()])
        read = "read and compared" if found.images_hashed else "there, not read"
        click.echo(
            f"{found.n_records} records compared with their hashes; {found.n_images} images "
            f"({found.n_bytes / 1e6:.1f} MB) {read}: "
            f"{'everything is as it was stored' if found.passed else 'NOT as it was stored'}"
        )
    if not found.passed:
        ctx.exit(1)


def _say(document: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        say_json(document)
        return
    for name, value in document.items():
        if name != "schema":
            click.echo(f"{name}: {value}")
