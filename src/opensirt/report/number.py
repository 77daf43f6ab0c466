"""Numbers as people read them: sensible digits, a unit in the header, a reason when absent."""

from opensirt.domain.missing import Missing
from opensirt.domain.record import Number
from opensirt.errors import InputError
from opensirt.units import BQ_PER_GBQ, BQ_PER_MBQ, GRAMS_PER_KG

MINUS = "−"
_TINY = 1e-3
"""Below this a number is written as a power of ten."""

_HUNDREDTH = 0.01


def rounded(value: Number, digits: int = 3) -> str:
    """Return a number with at least `digits` significant digits, whole digits never rounded away.

    An absent value gives its reason. Raises `InputError` for a value that is not finite.

    >>> rounded(1488.47), rounded(163.51), rounded(0.21534), rounded(-1.5)
    ('1488', '164', '0.215', '−1.50')
    >>> rounded(Missing.NEEDS_LUNG_SHUNT)
    'needs LSF'
    """
    if isinstance(value, Missing):
        return value.value
    if not abs(value) < float("inf"):
        raise InputError(f"a number of the report is not finite: {value}")
    if value == 0:
        return "0"
    size = abs(float(value))
    if size < _TINY:
        mantissa, exponent_text = f"{size:.{digits - 1}e}".split("e")
        text = f"{mantissa}×10{_superscript(int(exponent_text))}"
    else:
        # The exponent of the rounded value, so that 9.999 is written 10.0 and not 10.00.
        exponent = int(f"{size:.{digits - 1}e}".split("e")[1])
        text = f"{size:.{max(0, digits - 1 - exponent)}f}"
    return (MINUS if value < 0 else "") + text


def _superscript(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def as_gy(value_gy: Number) -> str:
    """Return a dose in Gy, without the unit: three digits, none beyond the second decimal.

    >>> as_gy(163.51), as_gy(0.739), as_gy(0.0009), as_gy(-0.0009), as_gy(0.0)
    ('164', '0.74', '<0.01', '−<0.01', '0')
    """
    return _to_hundredths(value_gy)


def _to_hundredths(value: Number) -> str:
    if isinstance(value, Missing) or value == 0 or abs(value) >= 1:
        return rounded(value)
    if not abs(value) >= 0:
        return rounded(value)  # refuses what is not finite
    size = abs(float(value))
    text = "<0.01" if size < _HUNDREDTH / 2 else f"{size:.2f}"
    return (MINUS if value < 0 else "") + text


def with_uncertainty(value: float, expanded: float) -> str:
    """Return a dose with its expanded uncertainty: two digits of it, and no more of the dose.

    >>> with_uncertainty(104.43, 10.84), with_uncertainty(33.11, 1.92), with_uncertainty(5.046, 0.2)
    ('104 ± 11', '33.1 ± 1.9', '5.05 ± 0.20')
    >>> with_uncertainty(218.9, 176.0), with_uncertainty(34.5, 0.0001)
    ('219 ± 176', '34.5 ± <0.01')
    """
    if not expanded >= _HUNDREDTH / 2:
        return f"{as_gy(value)} ± {as_gy(expanded)}"
    exponent = int(f"{expanded:.1e}".split("e")[1])
    decimals = min(2, max(0, 1 - exponent))
    sign = MINUS if value < 0 else ""
    return f"{sign}{abs(value):.{decimals}f} ± {expanded:.{decimals}f}"


def scaled(value: Number, factor: float, digits: int = 3) -> str:
    """Return a number times `factor`, or its reason."""
    return value.value if isinstance(value, Missing) else rounded(value * factor, digits)


def as_gbq(value_bq: Number) -> str:
    """Return an activity in GBq, without the unit.

    >>> as_gbq(1.505e9)
    '1.51'
    """
    return scaled(value_bq, 1.0 / BQ_PER_GBQ)


def as_mbq(value_bq: Number) -> str:
    """Return an activity in MBq, without the unit; less than a thousandth is called so.

    >>> as_mbq(1.123e9), as_mbq(1e-6)
    ('1123', '<0.001')
    """
    if not isinstance(value_bq, Missing) and 0 < value_bq < _TINY * BQ_PER_MBQ:
        return f"<{_TINY:g}"
    return scaled(value_bq, 1.0 / BQ_PER_MBQ)


def as_grams(value_kg: Number) -> str:
    """Return a mass in g, without the unit."""
    return scaled(value_kg, GRAMS_PER_KG)


def as_percent(fraction: Number, digits: int = 3) -> str:
    """Return a fraction in per cent, without the sign.

    >>> as_percent(0.055), as_percent(0.004), as_percent(1.0)
    ('5.50', '0.400', '100')
    """
    return scaled(fraction, 100.0, digits)


def as_percent_of_volume(fraction: Number) -> str:
    """Return a part of a volume in per cent, none beyond the second decimal.

    >>> as_percent_of_volume(0.00391), as_percent_of_volume(0.77)
    ('0.39', '77.0')
    """
    return _to_hundredths(fraction if isinstance(fraction, Missing) else 100.0 * fraction)


def decimals(value: float, digits: int) -> str:
    """Return a number with so many decimals.

    >>> decimals(-450.953, 2), decimals(-0.001, 2)
    ('−450.95', '0.00')
    """
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.removeprefix("-")
    return text.replace("-", MINUS)


def signed(value: float, digits: int) -> str:
    """Return a difference with its sign and so many decimals; what rounds to zero has none.

    >>> signed(0.256, 2), signed(-0.1, 2), signed(-0.0001, 2)
    ('+0.26', '−0.10', '0.00')
    """
    text = decimals(value, digits)
    return text if text.startswith(MINUS) or float(text) == 0 else f"+{text}"


def with_unit(text: str, unit: str, value: Number) -> str:
    """Return a printed number with its unit; a reason stays without.

    >>> with_unit("1.50", "GBq", 1.5e9), with_unit("needs LSF", "GBq", Missing.NEEDS_LUNG_SHUNT)
    ('1.50 GBq', 'needs LSF')
    """
    return text if isinstance(value, Missing) else f"{text} {unit}"


def compact(value: float | str) -> str:
    """Return a parameter: text as it is, a number with up to six digits.

    >>> compact(49.67), compact(230760.0), compact("kernel")
    ('49.67', '230760', 'kernel')
    """
    return value if isinstance(value, str) else f"{value:.6g}".replace("-", MINUS)
