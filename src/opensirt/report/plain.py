"""Values of ours as JSON knows them."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path

import numpy as np

from opensirt.domain.finding import Finding
from opensirt.domain.image import Image3D
from opensirt.report.result_values import finding_data


def plain(value: object) -> object:
    """Return dicts, lists, texts and numbers; a `Missing` becomes its reason.

    Findings look as in results.json.

    >>> from opensirt.domain.missing import Missing
    >>> plain({"dose_gy": Missing.NOT_ESTIMATED, "on": date(2026, 3, 2)})
    {'dose_gy': 'not estimated', 'on': '2026-03-02'}

    Raises
    ------
    TypeError
        When a value has no form in JSON; images are left to files of their own.
    """
    result: object
    if value is None or isinstance(value, bool | int | float | str):
        result = value
    elif isinstance(value, Finding):
        result = finding_data(value)
    elif isinstance(value, Enum):
        result = value.value
    elif isinstance(value, date):
        result = value.isoformat()
    elif isinstance(value, Path):
        result = str(value)
    elif isinstance(value, np.generic):
        result = value.item()
    elif isinstance(value, Mapping):
        result = {str(key): plain(one) for key, one in value.items()}
    elif isinstance(value, tuple | list):
        result = [plain(one) for one in value]
    elif is_dataclass(value) and not isinstance(value, type | Image3D):
        result = {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    else:
        raise TypeError(f"a {type(value).__name__} has no form in JSON")
    return result


def json_text(value: object) -> str:
    """Return a value as indented JSON; raise `ValueError` for NaN and infinity."""
    return json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False)
