"""The JSON Schemas of the files that users write and read."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from opensirt.errors import UnknownNameError


def _case() -> dict[str, Any]:
    from opensirt.files.case_file import case_schema

    return case_schema()


def _site() -> dict[str, Any]:
    from opensirt.files.site_file import site_schema

    return site_schema()


def _results() -> dict[str, Any]:
    from opensirt.report.results_schema import results_schema

    return results_schema()


def _ledger() -> dict[str, Any]:
    from opensirt.files.ledger_file import ledger_schema

    return ledger_schema()


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {"case": _case, "site": _site, "results": _results, "ledger": _ledger}
)


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of ``case``, ``site``, ``results`` or ``ledger``.

    Raises
    ------
    UnknownNameError
        For any other name.
    """
    if name not in SCHEMAS:
        raise UnknownNameError("schema", name, SCHEMAS)
    return SCHEMAS[name]()
