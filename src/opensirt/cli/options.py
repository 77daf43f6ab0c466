"""Options and arguments that several commands share."""

from pathlib import Path

import click

case_argument = click.argument("case", type=click.Path(path_type=Path))
site_option = click.option(
    "--site",
    "site_path",
    type=click.Path(path_type=Path),
    help="Site profile; otherwise site.toml beside the case, then the user's.",
)
engine_option = click.option(
    "--engine",
    metavar="ENGINE",
    help="Dose engine in place of the site's: local, kernel, superposition or monte-carlo.",
)
frame_option = click.option(
    "--frame",
    metavar="NAME",
    help="Frame of reference (name or DICOM UID) of files that carry none.",
)
label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=KIND",
    help='Kind of a structure, by name or pattern: "Tumor *=tumour". Again for more.',
)
figures_csv_option = click.option(
    "--csv",
    "csv_path",
    type=click.Path(path_type=Path),
    metavar="F",
    help="Write the figures of the structures as a table.",
)
data_set_option = click.option(
    "--data-set",
    default="icrp107",
    show_default=True,
    help="Nuclear data: icrp107, lnhb2015 or egsnrc.",
)
db_option = click.option(
    "--db",
    metavar="URL",
    envvar="OPENSIRT_DB",
    help="Store: an SQLite file, or postgresql://USER@HOST/NAME [the user's own].",
)
images_option = click.option(
    "--images",
    metavar="FOLDER",
    envvar="OPENSIRT_IMAGES",
    type=click.Path(path_type=Path),
    help="Folder of the store's images [beside an SQLite file].",
)
author_option = click.option(
    "--by",
    "author",
    metavar="NAME",
    envvar="OPENSIRT_AUTHOR",
    required=True,
    help="Who does this: stands with every record.",
)
