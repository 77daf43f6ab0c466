"""The report as one HTML file that needs nothing else: style and pictures are inside."""

import base64
from importlib.resources import files
from typing import NoReturn

from opensirt.errors import InputError
from opensirt.report.breaks import breakable_texts
from opensirt.report.content import Document, as_data


def html_text(document: Document) -> str:
    """Return the report as HTML; every text is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    source = files("opensirt.report").joinpath("templates", "report.html.j2").read_text("utf-8")
    images = {
        name: base64.b64encode(png).decode("ascii") for name, png in document.pictures().items()
    }
    text = environment.from_string(source).render(
        document=breakable_texts(as_data(document)), images=images, unknown_block=_unknown_block
    )
    return text + "\n"


def _unknown_block(name: str) -> NoReturn:
    raise InputError(f"the HTML template has no block {name!r}")
