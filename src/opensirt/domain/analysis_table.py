"""The table that statistics are made from: one row per unit of analysis, every column explained.

A patient, a lesion, a procedure and a visit are different units: a table holds rows of one of
them, and says which. Each column has a `Variable` (its name, meaning, unit, kind and where its
value comes from); each time to an event has an `Endpoint` that states its index date, its event
and its censoring. A value that is absent has a reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opensirt.domain.missing import Missing
from opensirt.domain.participants import FlowStep, require_flow
from opensirt.domain.unit_of_analysis import OF_ROWS, UnitOfAnalysis
from opensirt.errors import InputError, MissingInputError, UnknownNameError

_REASONS = tuple(Missing)
_PRESENT = 0


class VariableKind(Enum):
    """What a column's values are, and so how they may be used."""

    IDENTIFIER = "identifier"
    """A pseudonym or label: text that no statistics are made of."""
    NUMBER = "number"
    COUNT = "count"
    """A whole number."""
    FLAG = "flag"
    """Yes or no."""
    CATEGORY = "category"
    """Levels without order."""
    ORDINAL = "ordinal"
    """Levels in the order in which the variable lists them."""
    DATE = "date"
    TEXT = "text"


_DTYPES: Mapping[VariableKind, str] = MappingProxyType(
    {
        VariableKind.NUMBER: "float64",
        VariableKind.COUNT: "float64",
        VariableKind.FLAG: "float64",
        VariableKind.DATE: "datetime64[D]",
    }
)
_LEVELLED = (VariableKind.CATEGORY, VariableKind.ORDINAL)
NUMERIC = (VariableKind.NUMBER, VariableKind.COUNT, VariableKind.FLAG)
"""Kinds whose columns are float64; a flag is 1 or 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """The line of a column in the data dictionary.

    Raises
    ------
    InputError
        When the name is no identifier, the meaning is empty, or levels and kind contradict.
    """

    name: str
    meaning: str
    """In one sentence."""
    kind: VariableKind
    source: str
    """Which record or block the value comes from, and by which definition."""
    unit: str = ""
    """Such as ``Gy`` or ``day``; empty for what has none."""
    levels: tuple[str, ...] = ()
    """Of a category or an ordinal variable, in order."""
    verified: bool = True
    """False when a figure behind the column is known only from memory or second hand (⚠)."""
    later: bool = False
    """True when the value becomes known only after the index date, as a response or a toxicity
    does: survival of groups by it needs a landmark."""

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.name.isascii():
            raise InputError(
                f"a column is called {self.name!r}; wanted letters, digits and underscores"
            )
        if not self.meaning or not self.source:
            raise InputError(f"column {self.name} has no meaning or no source in the dictionary")
        if bool(self.levels) != (self.kind in _LEVELLED):
            raise InputError(
                f"column {self.name} is of kind {self.kind.value} with {len(self.levels)} levels; "
                "only a category or an ordinal variable has levels, and it needs them"
            )
        if len(set(self.levels)) < len(self.levels) or "" in self.levels:
            raise InputError(f"column {self.name} has an empty level, or one level twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A time to an event: two columns, and what they mean.

    `event_column` is a flag; or, for competing risks, a category whose first level is that of the
    censored rows.
    """

    name: str
    title: str
    time_column: str
    event_column: str
    index_date: str
    """The day from which time counts, in words."""
    event: str
    """What counts as the event, in words."""
    censoring: str
    """When a row without the event is censored, in words."""

    def __post_init__(self) -> None:
        stated = (self.title, self.index_date, self.event, self.censoring)
        if not all(stated):
            raise InputError(
                f"endpoint {self.name} does not state its title, index date, event and censoring"
            )


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """Values of one variable with a reason for each that is absent.

    `values` are float64 (numbers, counts, flags), ``datetime64[D]`` or text; `absent` holds 0
    where there is a value, else 1 + the place of the reason in `Missing`. An absent value is NaN,
    NaT or the empty text, so that an accident shows.
    """

    values: NDArray[Any]
    absent: NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name in ("values", "absent"):
            one = getattr(self, name).view()
            one.setflags(write=False)
            object.__setattr__(self, name, one)
        if self.values.shape != self.absent.shape or self.values.ndim != 1:
            raise InputError("values and reasons of a column differ in length")

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a value."""
        found: NDArray[np.bool_] = self.absent == _PRESENT
        return found

    def at(self, row: int) -> float | str | np.datetime64 | Missing:
        """Return one value, or why there is none."""
        code = int(self.absent[row])
        if code != _PRESENT:
            return _REASONS[code - 1]
        found: float | str | np.datetime64 = self.values[row]
        return found

    def reasons(self) -> Mapping[Missing, int]:
        """Return how many values are absent for each reason."""
        counted = np.bincount(self.absent, minlength=len(_REASONS) + 1)[1:]
        return {one: int(n) for one, n in zip(_REASONS, counted, strict=True) if n}

    def take(self, rows: NDArray[Any]) -> "Column":
        """Return the rows of a mask, or of row numbers."""
        return Column(self.values[rows], self.absent[rows])


def column_of(variable: Variable, values: Iterable[object]) -> Column:
    """Return the column of plain values, each of them a value or a `Missing`.

    Raises
    ------
    InputError
        When a value is not of the variable's kind, or none of its levels.

    >>> column = column_of(
    ...     Variable(name="age", meaning="Age", kind=VariableKind.NUMBER, source="case", unit="a"),
    ...     [61.5, Missing.NOT_RECORDED],
    ... )
    >>> column.values, column.at(1)
    (array([61.5,  nan]), <Missing.NOT_RECORDED: 'no trace in the source'>)
    """
    listed = list(values)
    codes = {one: number for number, one in enumerate(_REASONS, start=1)}
    absent = np.fromiter(
        (codes[one] if isinstance(one, Missing) else _PRESENT for one in listed),
        dtype=np.uint8,
        count=len(listed),
    )
    nothing: object = ""
    if variable.kind in NUMERIC:
        nothing = np.nan
    elif variable.kind is VariableKind.DATE:
        nothing = np.datetime64("NaT")
    plain = [nothing if isinstance(one, Missing) else one for one in listed]
    try:
        made = np.array(plain, dtype=_DTYPES.get(variable.kind, "str"))
    except (TypeError, ValueError) as error:
        raise InputError(
            f"column {variable.name} holds a value that is no {variable.kind.value}: {error}"
        ) from None
    return Column(made, absent)


@dataclass(frozen=True, eq=False, kw_only=True)
class AnalysisTable:
    """Rows of one unit of analysis with their data dictionary.

    Raises
    ------
    InputError
        When columns and dictionary do not match, a value is not of its kind, a row has no
        identifier or one that another row has, or an endpoint names columns that cannot hold it.
    """

    unit: UnitOfAnalysis
    variables: tuple[Variable, ...]
    columns: Mapping[str, Column]
    row_key: tuple[str, ...]
    """Identifiers that together are different in every row; the first is that of the patient."""
    endpoints: tuple[Endpoint, ...] = ()
    population: str
    """Who is in the table, in words: the source, and what was selected."""
    notes: tuple[str, ...] = ()
    """What a reader of any result of this table must know."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """What the table was made from and with, as words and hashes."""
    flow: tuple[FlowStep, ...] = ()
    """Steps that took patients out before they could be in the table, the register first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        names = [one.name for one in self.variables]
        if len(set(names)) < len(names) or set(names) != set(self.columns):
            odd = sorted(set(names) ^ set(self.columns)) or names
            raise InputError(f"columns and data dictionary do not match at {', '.join(odd)}")
        if self.unit not in OF_ROWS:
            raise InputError(
                f"the rows of an analysis table are called {self.unit.value!r}; wanted "
                f"{', '.join(one.value for one in OF_ROWS)}"
            )
        if not self.population:
            raise InputError("an analysis table does not say who is in it (population)")
        lengths = {len(one.values) for one in self.columns.values()}
        if len(lengths) > 1:
            raise InputError(f"columns have different lengths: {sorted(lengths)}")
        for variable in self.variables:
            _check_column(variable, self.columns[variable.name])
        self._check_key()
        for endpoint in self.endpoints:
            self._check_endpoint(endpoint)
        require_flow(self.flow)

    def _check_key(self) -> None:
        if not self.row_key:
            raise InputError("an analysis table names no identifier of its rows (row_key)")
        for name in self.row_key:
            if not self[name].present.all():
                raise InputError(f"identifier {name} is absent in some rows")
        keys = np.stack([self.columns[name].values.astype(str) for name in self.row_key])
        n_different = np.unique(keys, axis=1).shape[1] if keys.size else 0
        if n_different < self.n_rows:
            raise InputError(
                f"{self.n_rows} rows have {n_different} different {' and '.join(self.row_key)}; "
                f"one row is one {self.unit.value}: give each its own identifier"
            )

    def _check_endpoint(self, endpoint: Endpoint) -> None:
        time = self.variable(endpoint.time_column)
        event = self.variable(endpoint.event_column)
        if time.kind not in (VariableKind.NUMBER, VariableKind.COUNT) or not time.unit:
            raise InputError(f"endpoint {endpoint.name}: {time.name} is no number with a unit")
        if event.kind not in (VariableKind.FLAG, VariableKind.CATEGORY):
            raise InputError(f"endpoint {endpoint.name}: {event.name} is no flag and no category")
        values = self.columns[time.name].values
        n_negative = int((values < 0).sum())
        if n_negative:
            raise InputError(
                f"endpoint {endpoint.name}: {n_negative} times in {time.name} lie before the "
                "index date; correct the dates"
            )

    def __getitem__(self, name: str) -> Column:
        if name not in self.columns:
            raise UnknownNameError("column", name, self.columns)
        return self.columns[name]

    @property
    def n_rows(self) -> int:
        """Rows, each one patient, lesion or procedure."""
        return len(self.columns[self.row_key[0]].values)

    @property
    def patient_column(self) -> str:
        """Name of the column that says which patient a row is of: the cluster of a lesion."""
        return self.row_key[0]

    def variable(self, name: str) -> Variable:
        """Return the dictionary's line of a column; raise `UnknownNameError` without one."""
        for one in self.variables:
            if one.name == name:
                return one
        raise UnknownNameError("column", name, (one.name for one in self.variables))

    def endpoint(self, name: str) -> Endpoint:
        """Return an endpoint by its name; raise `UnknownNameError` when there is none."""
        for one in self.endpoints:
            if one.name == name:
                return one
        raise UnknownNameError("endpoint", name, (one.name for one in self.endpoints))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column of numbers, counts or flags; every value must be there.

        Raises
        ------
        MissingInputError
            When a value is absent; `complete` takes those rows out and says how many.
        InputError
            When the column is of another kind.
        """
        variable, column = self.variable(name), self[name]
        if variable.kind not in NUMERIC:
            raise InputError(f"column {name} is of kind {variable.kind.value}, wanted numbers")
        if not column.present.all():
            n_absent = int((~column.present).sum())
            raise MissingInputError(
                f"{name} in {n_absent} of {self.n_rows} rows",
                where="the analysis table",
                remedy="take the complete rows, and say how many were left out",
            )
        found: NDArray[np.float64] = column.values
        return found

    def complete(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Return the mask of the rows where every named column has a value."""
        mask = np.ones(self.n_rows, dtype=np.bool_)
        for name in names:
            mask &= self[name].present
        return mask

    def take(self, rows: NDArray[Any], *, population: str = "") -> "AnalysisTable":
        """Return the rows of a mask or of row numbers, with a new word on who they are."""
        return replace(
            self,
            columns={name: one.take(rows) for name, one in self.columns.items()},
            population=population or self.population,
        )


def _check_column(variable: Variable, column: Column) -> None:
    kind, values, present = variable.kind, column.values, column.present
    wanted = _DTYPES.get(kind, "text")
    fits = values.dtype.kind == "U" if wanted == "text" else values.dtype == np.dtype(wanted)
    if not fits:
        raise InputError(
            f"column {variable.name} is a {kind.value} and holds {values.dtype}; wanted {wanted}"
        )
    held = values[present]
    if wanted == "text" and (held == "").any():
        raise InputError(
            f"column {variable.name} holds an empty text; an absent value has a reason (Missing)"
        )
    if kind in NUMERIC and not np.isfinite(held).all():
        raise InputError(
            f"column {variable.name} holds a number that is not finite; an absent value has a "
            "reason (Missing)"
        )
    if kind is VariableKind.FLAG and not np.isin(held, (0.0, 1.0)).all():
        raise InputError(f"flag {variable.name} holds other values than 0 and 1")
    if kind is VariableKind.COUNT and (held != np.rint(held)).any():
        raise InputError(f"count {variable.name} holds a number that is not whole")
    if kind in _LEVELLED:
        odd = sorted(set(np.unique(held).tolist()) - set(variable.levels))
        if odd:
            raise InputError(
                f"column {variable.name} holds {', '.join(map(repr, odd[:5]))}; its levels are "
                f"{', '.join(variable.levels)}"
            )
