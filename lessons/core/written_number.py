"""Numbers as people write them: one reader and one writer for every box, whatever the custom.

Whole thousands are marked by commas, dots, spaces, apostrophes or underscores, decimals by a comma or a dot, powers of
ten as on our axes, minus by any dash. What can be read in two ways is refused with both, never taken for one of them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

LONGEST = 60
_MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d\u207b"), "-")
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_LOWERED = str.maketrans(_RAISED, "0123456789+-")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2019\u2018\u02bc\u00b4`\u066c"), "'")
_PREFIXES = {"p": -12, "n": -9, "μ": -6, "u": -6, "m": -3, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12}
_SPLIT = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<digits>[\d.,'_ ]*\d[.,]?)?\s*"
    r"(?:(?(digits)[·×x*]\s*)10\s*(?P<power>(?:\^|\*\*)\s*[({]?\s*[+-]?\d+\s*[)}]?|(?(digits)[+-]\d+|(?!))))?"
    r"(?:(?<=[\d.,]) ?[eE] ?(?P<exponent>[+-]?\d+))?"
    r"\s*(?P<prefix>[pnμumkKMGBT])?\s*(?P<percent>[%٪])?"
)
# Whole thousands in groups of three, or of two before the last as in India, all by the same mark.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([,.'_ ])\d{3})(?:\1\d{3})*|[1-9]\d?(?:(,)\d{2})+,\d{3}")


@dataclass(frozen=True)
class Unclear:
    """A text that cannot be read for certain.

    Attributes:
        readings: The two numbers that it may be, as one would write them; None if it is no number.
    """

    readings: tuple[str, str] | None = None

    @property
    def said(self) -> str:
        """The second half of a sentence on a number with two readings."""
        assert self.readings is not None
        one, other = self.readings
        return f"which is {one} to some and {other} to others: write {one} or {other}"


def read_number(text: str, whole: bool = False, unit: str = "") -> float | int | Unclear:
    """Return the number that a person has written.

    Args:
        text: What was written.
        whole: Whether only a whole number is wanted. Then "2,000" and "2.000" can only be two thousand.
        unit: What may stand behind the number; "%" stands for a hundredth, unless the unit is itself percent.
    """
    if len(text) > LONGEST:
        return Unclear()
    plain = _plain(text, unit.strip())
    found = _SPLIT.fullmatch(plain)
    if found is None or (found["digits"] is None and found["power"] is None):
        return Unclear()
    power = re.sub(r"[^\d+-]", "", found["power"] or "0")
    shift = int(power) + int(found["exponent"] or 0) + _PREFIXES.get(found["prefix"], 0) - 2 * bool(found["percent"])
    scaled = any(found[each] for each in ("power", "exponent", "prefix", "percent"))
    sign = "-" if found["sign"] == "-" else ""
    read = _digits(found["digits"] or "1", whole and not scaled)
    if read is None:
        return Unclear()
    if len(read) == 2:
        one, other = (written(_number(sign + each, shift)) for each in read)
        return Unclear((one, other))
    number = _number(sign + read[0], shift)
    if not math.isfinite(number):
        return Unclear()
    if not whole:
        return float(number)
    return int(number) if number == int(number) else Unclear()


def written(value: float | int) -> str:
    """Return a number in the fewest digits that are read back as the same number: as JavaScript's `String` has it."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return re.sub(r"e([+-])0*", r"e\1", repr(value))


def _plain(text: str, unit: str) -> str:
    """The same in ASCII, but for · × and μ: digits of any script, one kind of minus, space, apostrophe and power."""
    text = re.sub(r"<sup>(.*?)</sup>", r"^\1", text)
    text = re.sub(f"[{_RAISED}]+", lambda raised: "^" + raised[0].translate(_LOWERED), text)
    text = "".join(each for each in text if unicodedata.category(each) != "Cf").translate(_MINUS)
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_MINUS)
    text = "".join(_ascii(each) for each in text)
    text = " ".join(text.split())
    return text.removesuffix(unit).rstrip() if unit else text


def _ascii(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return {"\u066b": ".", "\u22c5": "·", "\u2219": "·", "\u2022": "·", "\u2715": "×", "\u00b5": "μ"}.get(
        character, character
    )


def _number(digits: str, shift: int) -> float | int:
    """Digits, in Python's spelling, times ten to the power of `shift`; exactly rounded."""
    if "." not in digits and shift == 0:
        return int(digits)
    return float(f"{digits}e{shift}")


def _digits(text: str, whole: bool) -> tuple[str, ...] | None:
    """Return what digits with marks may be, in Python's spelling: one reading, or two; None if they are no number."""
    if re.fullmatch(r"\d+", text):
        return (text,)
    decimals = re.fullmatch(r"(.*?)([.,])(\d*)", text)
    as_decimal = _decimal(decimals[1], decimals[2], decimals[3], whole) if decimals else None
    as_whole = re.sub(r"\D", "", text) if _GROUPED.fullmatch(text) else None
    if as_whole is None or as_decimal is None:
        certain = as_whole or as_decimal
        return None if certain is None else (certain,)
    assert decimals is not None
    # All that is shown here has a decimal point and no zero at its end: 1.005 is taken at its word, 2.000 is not.
    plain_point = decimals[2] == "." and not decimals[3].endswith("0")
    return (as_decimal,) if plain_point else (as_decimal, as_whole)


def _decimal(before: str, mark: str, after: str, whole: bool) -> str | None:
    """A number with decimals in Python's spelling; None if it is none."""
    if not re.fullmatch(r"\d*", before):
        grouped = _GROUPED.fullmatch(before)
        if grouped is None or mark in (grouped[1], grouped[2]):
            return None
        before = re.sub(r"\D", "", before)
    if not before and not after:
        return None
    if whole and after not in ("", "0"):
        return None
    return f"{before or 0}.{after or 0}"
