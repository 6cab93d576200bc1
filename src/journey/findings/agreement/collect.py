"""Findings of the appendix "Does it agree with others?": published figures and recounts beside ours."""

from __future__ import annotations

import pandas as pd

from journey.findings.agreement.pages import add_pages
from journey.findings.agreement.service import add_service
from journey.findings.desk import Desk, Row, add_rows
from journey.published import ENTRIES, Comparison, Published, compare, last_digit
from journey.report.formats import MINUS, THIN_SPACE
from journey.studies.registry import kept

#: Digits of ours that are shown at most, a leading zero not counted.
SHOWN_DIGITS = 10
#: Behind the name of a source whose digits were read elsewhere.
ELSEWHERE = " †"
#: The stroke stays on the line of the figure before it.
SEPARATOR = "\u00a0/ "
HALF_UNIT_REASON = "half a unit of the last printed digit"


def collect(desk: Desk) -> None:
    """Compare every entry, save the table and register the counts."""
    compared = [compare(entry) for entry in ENTRIES]
    desk.save("published", pd.DataFrame([row(each) for each in compared]))
    desk.save("allowances", allowances(compared))
    add_counts(desk, compared)
    add_mistakes(desk)
    add_service(desk)
    add_pages(desk)


def add_mistakes(desk: Desk) -> None:
    """How many mistakes that were put into the SQL the recounts noticed, by kind."""
    found = kept("sql_mistakes", desk.paths).results
    for name, what in (("mistakes", "kinds"), ("mistakes_by_part", "parts")):
        table = pd.DataFrame.from_dict(found[what], orient="index").rename_axis("of").reset_index()
        desk.save(name, table.assign(share=table["noticed"] / table["tried"]))
    tried, equivalent = found["tried"], sum(found["equivalent"].values())
    rows: tuple[Row, ...] = (
        ("sql_mistakes", tried, "count", "Mistakes put into the SQL that change a result"),
        ("sql_noticed", found["share"], "share", "Mistakes in the SQL noticed", {"n": tried}),
        ("sql_equivalent", equivalent, "count", "Mistakes that change no result"),
    )
    add_rows(desk, rows, source="journey.studies.sql_mistakes:sql_mistakes", dataset="hand-made shops")


def row(compared: Comparison) -> dict[str, object]:
    """One line of the table: the figure that differs most gives difference and tolerance."""
    entry, most = compared.entry, compared.largest
    return {
        "topic": entry.topic,
        "what": entry.what,
        "source": entry.source.name + ("" if entry.source.digits_read else ELSEWHERE),
        "address": entry.source.address,
        "published": show_published(entry),
        "ours": show_ours(compared),
        "figures": len(compared.met),
        "figures_met": sum(compared.met),
        "missed": compared.met.count(False),
        "difference": compared.differences[most],
        "tolerance": compared.tolerances[most],
        "relative": compared.relative,
        "reason": entry.allowance.reason if entry.allowance else HALF_UNIT_REASON,
        "verdict": compared.verdict,
        "why": entry.known.why if entry.known else None,
    }


def allowances(compared: list[Comparison]) -> pd.DataFrame:
    """Every reason for a tolerance, with the figures it applies to."""
    frame = pd.DataFrame(
        [
            {
                "reason": each.entry.allowance.reason if each.entry.allowance else HALF_UNIT_REASON,
                "size": tolerance_text(each.entry),
                "figures": len(each.met),
            }
            for each in compared
        ]
    )
    counted = frame.groupby(["reason", "size"], sort=False, as_index=False)["figures"].sum()
    return counted.sort_values(["figures", "reason"], ascending=[False, True], ignore_index=True)


def tolerance_text(entry: Published) -> str:
    """The size of an allowance; a dash where the printed digits decide."""
    if entry.allowance is None:
        return "–"
    text = f"{entry.allowance.size:g}"
    mantissa, _, exponent = text.partition("e")
    written = power(mantissa, int(exponent)) if exponent else text
    return f"{written} of the value" if entry.allowance.relative else written


def add_counts(desk: Desk, compared: list[Comparison]) -> None:
    """Register figures, all, met, not met, apart by where their digits were read; and comparisons."""
    figures, met = sum(len(each.met) for each in compared), sum(sum(each.met) for each in compared)
    direct = [each for each in compared if each.entry.source.digits_read]
    read, read_met = sum(len(each.met) for each in direct), sum(sum(each.met) for each in direct)
    differing = sum(not all(each.met) for each in compared)
    there, second = "published figures whose digits were read where printed", "second-hand published figures"
    rows = (
        ("total", figures, "count", "published figures compared"),
        ("met", met, "count", "published figures met"),
        ("differs", figures - met, "count", "published figures not met"),
        ("rows", len(compared), "count", "comparisons"),
        ("differing", differing, "count", "comparisons with a figure that is not met"),
        ("direct", read, "count", there),
        ("direct_met", read_met, "count", f"{there}, met"),
        ("elsewhere", figures - read, "count", second),
        ("elsewhere_met", met - read_met, "count", f"{second}, met"),
    )
    add_rows(desk, rows, source="journey.published:compare", dataset="published figures")


def slug(topic: str) -> str:
    """First word of a topic, as part of an identifier."""
    return topic.split()[0].lower()


def show_published(entry: Published) -> str:
    """The figures as printed, with typographic signs."""
    return SEPARATOR.join(typographic(text) + suffix(entry) for text in entry.printed)


def show_ours(compared: Comparison) -> str:
    """Our values with one digit more than printed, ten digits at most."""
    pairs = zip(compared.ours, compared.entry.printed, strict=True)
    return SEPARATOR.join(like(mine, text) + suffix(compared.entry) for mine, text in pairs)


def suffix(entry: Published) -> str:
    """What stands behind each figure."""
    return entry.unit if entry.unit in ("", "%") else THIN_SPACE + entry.unit


def like(mine: float, printed: str) -> str:
    """Write our value in the manner of the printed one."""
    if "e" in printed:
        digits = len(printed.split("e")[0].lstrip("-").replace(".", ""))
        mantissa, exponent = f"{mine:.{digits}e}".split("e")
        return power(mantissa, int(exponent))
    place = last_digit(printed)
    before = len(str(int(abs(mine)))) if abs(mine) >= 1 else 0
    whole = place >= 0 and mine == round(mine)
    decimals = 0 if whole else min(1 - place, SHOWN_DIGITS - before)
    text = f"{mine:,.{max(decimals, 0)}f}"
    # A number that rounds to zero has no sign.
    return typographic(text if float(text.replace(",", "")) else text.lstrip("-"))


def typographic(text: str) -> str:
    """Printed digits with a real minus sign and a power of ten."""
    mantissa, _, exponent = text.partition("e")
    return power(mantissa, int(exponent)) if exponent else mantissa.replace("-", MINUS)


def power(mantissa: str, exponent: int) -> str:
    """`2.0079 × 10⁻⁵`, which no line break divides."""
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa.replace('-', MINUS)}\u00a0×\u00a010{raised}"
