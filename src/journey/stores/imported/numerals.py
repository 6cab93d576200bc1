"""Numbers that a log writes as text: which sign is the decimal one, and how one is read.

`12,50` has a decimal comma, `1,234.50` a decimal point, and `1,234` alone may be either: a log that never
says which is refused, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.times import trimmed
from journey.stores.verify import quoted

#: Signs between groups of three digits, whatever the decimal sign: apostrophes and every kind of space.
BETWEEN = r"'’ \x{a0}\x{2009}\x{202f}"
#: What may stand before a number, `€`, `Fr. `, `-`, a point only after letters; and behind it, ` kg`, `,-`.
AROUND = r"\pL\p{Sc}\p{Zs}+\-−()"
BEFORE, AFTER = rf"(?:\pL+\.|[{AROUND}])*", rf"[{AROUND}.,%]*"


@dataclass(frozen=True)
class Decimals:
    """What the numbers of some cells say about their decimal sign.

    Attributes
    ----------
    filled
        Cells with a digit.
    comma, point
        Those that only a decimal comma, or only a decimal point, explains; the first of each.
    either
        Those that both explain, such as `1,234` and `1.234`.
    """

    filled: int = 0
    comma: int = 0
    point: int = 0
    either: int = 0
    comma_example: str = ""
    point_example: str = ""
    either_example: str = ""

    @property
    def sign(self) -> str:
        """`,` or `.`; empty where the numbers contradict each other or do not tell."""
        if self.comma or self.point:
            return "" if self.comma and self.point else "," if self.comma else "."
        return "" if self.either else "."

    @property
    def doubt(self) -> str:
        """Why there is no sign, in words."""
        if self.comma and self.point:
            return (
                f"{self.comma:,} numbers such as {self.comma_example!r} have a decimal comma and"
                f" {self.point:,} such as {self.point_example!r} a decimal point"
            )
        sign = "," if "," in self.either_example else "."
        whole, part = self.either_example.replace(sign, ""), self.either_example.replace(sign, ".")
        return f"{self.either_example!r} may be {whole} or {part}"

    def __add__(self, other: Decimals) -> Decimals:
        added = {name: getattr(self, name) or getattr(other, name) for name in vars(self)}
        counts = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        return replace(self, **(added | counts))


COUNTS = ("filled", "comma", "point", "either")


def decimals(connection: duckdb.DuckDBPyConnection, relation: str, text: str) -> Decimals:
    """Look at the cells `text` (SQL) of a relation."""
    comma, point = (quoted(_shape(*signs)) for signs in (".,", ",."))
    bare = f"regexp_replace({text}, '[{BETWEEN}]', '', 'g')".replace("'’", "''’")
    row = connection.execute(
        f"""with cells as (
            select regexp_extract({bare}, '[0-9](?:[0-9.,]*[0-9])?') as x, {text} as said from {relation}
        ),
        told as (
            select said, x <> '' as number,
                regexp_full_match(x, '[1-9][0-9]{{0,2}}[.,][0-9]{{3}}') as either,
                not either and regexp_full_match(x, {comma}) as comma,
                not either and regexp_full_match(x, {point}) as point from cells
        )
        select count(*) filter (where number), count(*) filter (where comma),
            count(*) filter (where point), count(*) filter (where either),
            min(said) filter (where comma), min(said) filter (where point), min(said) filter (where either)
        from told"""
    ).fetchone()
    assert row is not None
    return Decimals(*row[:4], *(" ".join(str(text or "").split())[:40] for text in row[4:]))


def as_number(text: str, decimal: str) -> str:
    """SQL of a number; null where no digit stands, nan where one does and it cannot be read.

    Signs of currency, groups of three digits and words around a number are taken off. What another decimal
    sign would explain better is not read.
    """
    quick = plain_number(text, decimal)
    return f"case when isfinite({quick}) then {quick} else {_spelled_out(trimmed(text), decimal)} end"


def plain_number(text: str, decimal: str) -> str:
    """SQL of a number with nothing around it and nothing between its digits; null for any other."""
    if decimal == ",":
        text = f"case when contains({text}, '.') then null else replace({text}, ',', '.') end"
    return f"try_cast({text} as double)"


def checked_sign(found: Decimals, said: str, shown: str) -> str:
    """The decimal sign by which numbers are read: what the map says, or what they show.

    Raises
    ------
    JourneyError
        When they show a comma and the map does not say so, and when they do not tell.
    """
    if said:
        return said
    if found.sign == ",":
        raise JourneyError(
            f"{shown}: numbers such as {found.comma_example!r} have a decimal comma; say so under [file]:"
            " decimal = ','"
        )
    if not found.sign:
        raise JourneyError(f"{shown}: {found.doubt}; say under [file] which it is: decimal = ',' or '.'")
    return found.sign


def _shape(between: str, decimal: str) -> str:
    """Numbers with one decimal sign, or with signs between groups of digits that only it explains."""
    between, decimal = (rf"\{sign}" for sign in (between, decimal))
    several = rf"[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}}){{2,}}"
    lakhs = rf"[0-9]{{1,2}}(?:{between}[0-9]{{2}})+{between}[0-9]{{3}}"
    once = rf"[1-9][0-9]{{0,2}}{between}[0-9]{{3}}{decimal}[0-9]+"
    return rf"[0-9]+{decimal}[0-9]+|(?:{several}|{lakhs})(?:{decimal}[0-9]+)?|{once}"


def _spelled_out(text: str, decimal: str) -> str:
    """SQL of a number with something around it or between its digits."""
    other = "," if decimal == "." else "."
    between = f"[{BETWEEN}{other}]"
    grouped = (
        rf"[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+|[1-9][0-9]?(?:{between}[0-9]{{2}})+{between}[0-9]{{3}}"
    )
    number = rf"(?:(?:{grouped}|[0-9]+)(?:\{decimal}[0-9]+)?)"
    whole = quoted(rf"^{BEFORE}({number}){AFTER}$")
    digits = f"regexp_replace(regexp_extract({text}, {whole}, 1), {quoted(between)}, '', 'g')"
    # -5, −5 and €-5, (5.00) as accounts write it, 5- as some systems do.
    negative = quoted(r"^[^0-9]*[-−]|^\(.*\)$|[0-9]-$")
    value = f"try_cast(replace({digits}, ',', '.') as double)"
    return (
        f"case when regexp_matches({text}, '[0-9]')"
        f" then coalesce(if(regexp_matches({text}, {negative}), -{value}, {value}), 'nan'::double) end"
    )
