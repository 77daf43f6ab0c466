"""The commands on who the patients are: db identity add, show, change, find, erase, accesses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from opensirt.cli.answer import json_option, say_json, table
from opensirt.cli.options import author_option, db_option, images_option
from opensirt.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opensirt.store.identities import Identity, Who

    _F = TypeVar("_F", bound=Callable[..., object])

_SCHEMA = "opensirt/identity/1"


@click.group("identity")
def identity() -> None:
    """Say, show, change, find or erase who a patient is.

    Kept apart from records, analyses and exports; every access is kept with who and what for.
    """


case_key_argument = click.argument("case_key", metavar="CASE")
reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="What for: stands in the list of accesses."
)


def store_options(command: _F) -> _F:
    """Add the store, who does it, and --json."""
    for option in (json_option, author_option, images_option, db_option):
        command = option(command)
    return command


def person_options(command: _F) -> _F:
    """Add what can be said of a person."""
    for option in (
        click.option("--number", metavar="TEXT", help="Hospital number."),
        click.option("--born", metavar="YYYY-MM-DD", help="Date of birth."),
        click.option("--name", metavar="TEXT", help="Name."),
    ):
        command = option(command)
    return command


def _who(author: str, reason: str) -> Who:
    from opensirt.store.identities import Who

    return Who(by=author, at=datetime.now(UTC), reason=reason)


def _day(born: str | None) -> date | None:
    if born is None:
        return None
    try:
        return date.fromisoformat(born)
    except ValueError:
        raise InputError("--born is no date; wanted YYYY-MM-DD") from None


@identity.command()
@case_key_argument
@person_options
@click.option(
    "--reason", default="first entry", show_default=True, metavar="TEXT", help="What for."
)
@store_options
def add(
    case_key: str,
    *,
    name: str | None,
    born: str | None,
    number: str | None,
    reason: str,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Say who the patient of CASE is."""
    from opensirt.store.identities import Identity, add_identity
    from opensirt.store.store import open_store

    said = Identity(name=name, birth_date=_day(born), hospital_number=number)
    with open_store(db, images=images) as store:
        add_identity(store, case_key, said, _who(author, reason))
    _done(case_key, "added", as_json=as_json)


@identity.command()
@case_key_argument
@person_options
@reason_option
@store_options
def change(
    case_key: str,
    *,
    name: str | None,
    born: str | None,
    number: str | None,
    reason: str,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Say anew what has changed, such as another name; what was said before is kept."""
    from opensirt.store.identities import change_identity
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        change_identity(
            store,
            case_key,
            _who(author, reason),
            name=name,
            birth_date=_day(born),
            hospital_number=number,
        )
    _done(case_key, "changed", as_json=as_json)


@identity.command()
@case_key_argument
@reason_option
@store_options
def show(
    case_key: str,
    *,
    reason: str,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Show who the patient of CASE is; that you looked is kept."""
    from opensirt.store.identities import show_identity
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        found = show_identity(store, case_key, _who(author, reason))
    _say(((case_key, found),), as_json=as_json)


@identity.command()
@click.argument("words")
@reason_option
@store_options
def find(
    words: str,
    *,
    reason: str,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Find the cases of a hospital number, or of WORDS in a name; each one found is kept."""
    from opensirt.store.identities import find_identities
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        found = find_identities(store, words, _who(author, reason))
    _say(found, as_json=as_json)


@identity.command()
@case_key_argument
@reason_option
@store_options
def erase(
    case_key: str,
    *,
    reason: str,
    db: str | None,
    images: Path | None,
    author: str,
    as_json: bool,
) -> None:
    """Remove all that was said of who the patient is; records stay. Backups are yours to clear."""
    from opensirt.store.identities import erase_identity
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        gone = erase_identity(store, case_key, _who(author, reason))
    _done(case_key, f"{gone} entries erased", as_json=as_json)


@identity.command()
@click.argument("case_key", metavar="[CASE]", required=False)
@images_option
@db_option
@json_option
def accesses(case_key: str | None, *, db: str | None, images: Path | None, as_json: bool) -> None:
    """List who did what with identities, when and what for; never the persons."""
    from opensirt.store.identities import identity_accesses
    from opensirt.store.store import open_store

    with open_store(db, images=images) as store:
        found = identity_accesses(store, case_key)
    if as_json:
        say_json({"schema": "opensirt/identity-accesses/1", "accesses": found})
        return
    rows = [
        (
            one.at.isoformat(timespec="seconds"),
            one.case_key or "",
            one.action.value,
            one.by,
            one.reason,
        )
        for one in found
    ]
    table("Accesses", ("at", "case", "what", "by", "reason"), rows)


def _done(case_key: str, what: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"schema": _SCHEMA, "case": case_key, "done": what})
    else:
        click.echo(f"{case_key}: {what}")


def _say(found: tuple[tuple[str, Identity], ...], *, as_json: bool) -> None:
    if as_json:
        people = [
            {
                "case": key,
                "name": one.name,
                "birth_date": one.birth_date,
                "hospital_number": one.hospital_number,
            }
            for key, one in found
        ]
        say_json({"schema": _SCHEMA, "identities": people})
        return
    rows = [
        (key, one.name or "", str(one.birth_date or ""), one.hospital_number or "")
        for key, one in found
    ]
    table("Identity", ("case", "name", "born", "hospital number"), rows)
