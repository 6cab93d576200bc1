"""Invoices of Online Retail (UCI 352), each line of one kind, money in pence, cancellations matched.

The file mixes goods with postage, fees, corrections and notes of the warehouse. Every line gets one kind by
the first of the rules in `KINDS` that holds, so the kinds add up to the file. Rules go by words and signs of
the shop's system; no count, date or price of one year stands here, so another year of the same shop works.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from python_calamine import CalamineError

from journey.errors import JourneyError
from journey.stores.datasets import load_online_retail

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)

#: Kind of a line -> the rule in words; the first rule that holds counts.
KINDS = {
    "duplicate": "the same in every column as an earlier line",
    "no_price": "price zero: stock counts, damages, gifts; no money",
    "adjustment": "manual entries, bad debt, negative prices",
    "postage": "postage and carriage",
    "fee": "fees, charges, commissions",
    "discount": "discounts on an invoice",
    "sample": "samples",
    "voucher": "gift vouchers",
    "test": "tests of the till",
    "other_code": "any other code that is no product number (five digits first)",
    "correction": "a sign of the quantity that does not fit the invoice",
    "cancellation_no_customer": "cancelled goods, customer unknown",
    "cancellation_matched": "cancelled goods, all units found among earlier purchases",
    "cancellation_partly": "cancelled goods, some units found",
    "cancellation_unmatched": "cancelled goods, no earlier purchase found",
    "sale_no_customer": "goods sold, customer unknown",
    "sale": "goods sold to a known customer",
}

# Kind -> pattern of the whole code and of the whole description, both in capitals.
_WORDS = {
    "adjustment": (r"M|B|ADJUST\d*", r"MANUAL|ADJUST.*|.*\bBAD DEBT\b.*"),
    "postage": (r"POST|DOT|C\d", r"(?:.*\b)?POSTAGE|(?:NEXT DAY )?CARRIAGE"),
    "fee": (r"BANK CHARGES|AMAZONFEE|CRUK", r".*\b(?:FEES?|CHARGES?|COMMISSION)"),
    "discount": (r"D", r"DISCOUNT"),
    "sample": (r"S", r"(?:SHOW )?SAMPLES?"),
    "voucher": (r"GIFT.*", r".*\bGIFT VOUCHER\b.*"),
    "test": (r"TEST.*", r"TEST"),
}
_PRODUCT = r"\d{5}.*"
_MATCHED = ("cancellation_matched", "cancellation_partly")


@dataclass(frozen=True)
class Reconciliation:
    """Every line of the file and every penny, by kind.

    Attributes
    ----------
    kinds : pandas.DataFrame
        One row a kind, in the order of the rules: kind, rule, lines, pence, customers (distinct, known).
        Lines and pence add up to the file.
    marks : pandas.DataFrame
        What is often counted in this file, whatever else a line is: mark, lines, pence. These overlap.
    lines : int
        Lines of the file.
    pence : int
        Money of all lines, each rounded to a penny.
    exact_pence : float
        Money of all lines before rounding; it differs where prices are below a penny.
    refunded_pence : int
        Of the sales to known customers, what matched cancellations took back.
    """

    kinds: pd.DataFrame
    marks: pd.DataFrame
    lines: int
    pence: int
    exact_pence: float
    refunded_pence: int


def load_invoices(
    source: Path | str | pd.DataFrame | None = None, *, until: np.datetime64 | str | None = None
) -> pd.DataFrame:
    """Load invoice lines, each with its kind, its money and what was cancelled later.

    Parameters
    ----------
    source
        A Parquet, CSV or Excel file, or a frame, with the columns of Online Retail; the verified data set
        when left out.
    until
        Only what was known at this moment: lines before it. A purchase that is cancelled later counts whole.

    Returns
    -------
    pandas.DataFrame
        One row a line of the file, in its order, all lines kept:

        ========== ============== =====================================================================
        invoice    str            invoice; a leading C marks a cancellation
        item       str            stock code in capitals
        description str           description; empty when not recorded
        quantity   int64          units; negative when taken back
        moment     datetime64[us] time of the invoice, to the minute
        price      float64        price of a unit, pounds sterling
        pence      int64          quantity x price in pence, rounded to a penny
        customer   Int64          null when not recorded
        country    str            country of the invoice
        kind       category       of `KINDS`; what customers bought is kind "sale"
        cancelled  int64          units of a sale that were cancelled later; units of a cancellation that
                                  were found among sales; else 0
        net_pence  int64          of a sale, `pence` less what was paid back; else 0
        ========== ============== =====================================================================

    Raises
    ------
    DatasetAbsent
        When the data set is not on this machine.
    JourneyError
        For a file that cannot be read, a missing column, a value that is missing or of another type, or no
        line before `until`.

    Notes
    -----
    A cancellation is matched to units that the same customer bought of the same item before it: first at the
    same price, the latest purchase first; then at a higher price. Earlier cancellations choose first, so
    what is matched does not change when later lines are added or removed.
    """
    raw = load_online_retail() if source is None else _checked(source)
    if until is not None:
        raw = _before(raw, "InvoiceDate", until)
    lines = _typed(raw)
    first = ~lines.duplicated().to_numpy()
    lines["pence"] = np.rint(np.round(_exact_pence(lines), 6)).astype(np.int64)
    lines["kind"] = _kinds(lines, first)
    return _with_matches(lines)


def known_at(lines: pd.DataFrame, moment: np.datetime64 | str) -> pd.DataFrame:
    """What was known of loaded lines at an earlier moment, as `load_invoices` with `until` gives it.

    Raises
    ------
    JourneyError
        When no line is earlier.
    """
    early = _before(lines, "moment", moment).reset_index(drop=True)
    kind = early["kind"].astype(object)
    early["kind"] = kind.where(~kind.isin(_MATCHED), "cancellation_unmatched").to_numpy()
    return _with_matches(early)


def customer_orders(lines: pd.DataFrame) -> pd.DataFrame:
    """Orders of known customers: all goods of a customer on a day, less what was cancelled.

    Parameters
    ----------
    lines
        As `load_invoices` gives them.

    Returns
    -------
    pandas.DataFrame
        customer (int64), day (datetime64[us], midnight), pence (int64), units (int64), items (distinct), in
        order of customer and day. A day of which no money is left is no order.
    """
    kept = lines[lines["net_pence"] > 0]
    days = pd.DataFrame(
        {
            "customer": kept["customer"].astype("int64"),
            "day": kept["moment"].dt.floor("D"),
            "pence": kept["net_pence"],
            "units": kept["quantity"] - kept["cancelled"],
            "item": kept["item"],
        }
    ).groupby(["customer", "day"])
    return days.agg(pence=("pence", "sum"), units=("units", "sum"), items=("item", "nunique")).reset_index()


def reconcile(lines: pd.DataFrame) -> Reconciliation:
    """Count every line and penny of `load_invoices` by kind, and what is often counted in this file."""
    grouped = lines.groupby("kind", observed=False)
    kinds = pd.DataFrame(
        {
            "kind": list(KINDS),
            "rule": list(KINDS.values()),
            "lines": grouped.size().reindex(list(KINDS)).to_numpy(dtype=np.int64),
            "pence": grouped["pence"].sum().reindex(list(KINDS)).to_numpy(dtype=np.int64),
            "customers": grouped["customer"].nunique().reindex(list(KINDS)).to_numpy(dtype=np.int64),
        }
    )
    marked = {
        "cancellation": lines["invoice"].str.startswith("C"),
        "no_customer": lines["customer"].isna(),
        "duplicate": lines["kind"] == "duplicate",
        "negative_price": lines["price"] < 0,
        "price_zero": lines["price"] == 0,
    }
    marks = pd.DataFrame(
        [(name, int(rule.sum()), int(lines.loc[rule, "pence"].sum())) for name, rule in marked.items()],
        columns=["mark", "lines", "pence"],
    )
    sold = lines[lines["kind"] == "sale"]
    return Reconciliation(
        kinds=kinds,
        marks=marks,
        lines=len(lines),
        pence=int(lines["pence"].sum()),
        exact_pence=math.fsum(_exact_pence(lines)),
        refunded_pence=int((sold["pence"] - sold["net_pence"]).sum()),
    )


def _before(frame: pd.DataFrame, column: str, moment: np.datetime64 | str) -> pd.DataFrame:
    early = frame[frame[column] < pd.Timestamp(moment)]
    if not len(early):
        raise JourneyError(f"Online Retail has no line before {moment}; choose a later moment")
    return early


def _checked(source: Path | str | pd.DataFrame) -> pd.DataFrame:
    """The columns of another year's lines, present and of their types.

    Raises
    ------
    JourneyError
        When lines cannot be read or are none, a column is missing, a value is missing but in Description,
        CustomerID or Country, a number is none or infinite, a time is none, or Quantity or CustomerID is not
        whole.
    """
    name = "the frame of invoices" if isinstance(source, pd.DataFrame) else str(source)
    frame = source if isinstance(source, pd.DataFrame) else _read(Path(source))
    if missing := [column for column in COLUMNS if column not in frame.columns]:
        raise JourneyError(f"{name} lacks column {missing[0]} ({len(frame):,} rows); give invoices with it")
    if not len(frame):
        raise JourneyError(f"{name} has no rows; give invoices with at least one line")
    frame = frame.loc[:, list(COLUMNS)].copy()
    for column, kind in (("Quantity", "number"), ("UnitPrice", "number"), ("CustomerID", "number")):
        if not pd.api.types.is_numeric_dtype(frame[column].dtype):
            frame[column] = _parsed(pd.to_numeric, frame[column], name, kind)
    frame["InvoiceDate"] = _parsed(pd.to_datetime, frame["InvoiceDate"], name, "time")
    for column in ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice"):
        if gaps := int(frame[column].isna().sum()):
            raise JourneyError(f"{name}: {column} is empty in {gaps:,} of {len(frame):,} rows; fill them in")
    for column in ("Quantity", "CustomerID"):
        whole = frame[column].dropna().to_numpy(dtype=np.float64)
        if not np.all(np.isfinite(whole) & (whole == np.floor(whole))):
            raise JourneyError(f"{name}: {column} is not whole in every one of {len(frame):,} rows")
    if not np.all(np.isfinite(frame["UnitPrice"].to_numpy(dtype=np.float64))):
        raise JourneyError(f"{name}: UnitPrice is not finite in every one of {len(frame):,} rows")
    return frame


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise JourneyError(f"{path} is missing; give a Parquet, CSV or Excel file of invoices")
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype={"InvoiceNo": str, "StockCode": str, "Description": str})
        if path.suffix == ".xlsx":
            return pd.read_excel(path, engine="calamine")
        return pd.read_parquet(path)
    except (ValueError, OSError, CalamineError) as error:
        raise JourneyError(f"{path} cannot be read as invoices: {str(error).splitlines()[0]}") from None


def _parsed(parse: object, values: pd.Series, name: str, kind: str) -> pd.Series:
    assert callable(parse)
    parsed: pd.Series = parse(values, errors="coerce")
    if len(bad := values[parsed.isna() & values.notna()]):
        raise JourneyError(
            f"{name}: {values.name} has {bad.iloc[0]!r}, which is no {kind} (row {bad.index[0]} of"
            f" {len(values):,}); mend it"
        )
    return parsed


def _typed(raw: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "invoice": raw["InvoiceNo"].astype(str).str.strip().str.upper(),
            "item": raw["StockCode"].astype(str).str.strip().str.upper(),
            "description": raw["Description"].astype("str").fillna("").str.strip(),
            "quantity": raw["Quantity"].astype("int64"),
            "moment": raw["InvoiceDate"].astype("datetime64[us]"),
            "price": raw["UnitPrice"].astype("float64"),
            "customer": raw["CustomerID"].astype("Int64"),
            "country": raw["Country"].astype("str"),
        }
    ).reset_index(drop=True)


def _exact_pence(lines: pd.DataFrame) -> NDArray[np.float64]:
    return lines["quantity"].to_numpy(dtype=np.float64) * lines["price"].to_numpy(dtype=np.float64) * 100


def _kinds(lines: pd.DataFrame, first: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Kind of each line before cancellations are matched: these are `cancellation_unmatched` for now."""
    words = lines["description"].str.upper()
    code, text = (values.astype("category") for values in (lines["item"], words))
    cancels, unknown = lines["invoice"].str.startswith("C"), lines["customer"].isna()
    negative = lines["quantity"] < 0
    rules: list[tuple[str, pd.Series | NDArray[np.bool_]]] = [
        ("duplicate", ~first),
        ("no_price", lines["price"] == 0),
        ("adjustment", (lines["price"] < 0) | ~lines["invoice"].str.match(r"C?\d")),
    ]
    for kind, (in_code, in_text) in _WORDS.items():
        rules.append((kind, _fits(code, in_code) | _fits(text, in_text)))
    rules += [
        ("other_code", ~_fits(code, _PRODUCT)),
        ("correction", (cancels != negative) | (lines["quantity"] == 0)),
        ("cancellation_no_customer", cancels & unknown),
        ("cancellation_unmatched", cancels),
        ("sale_no_customer", unknown),
    ]
    conditions = [np.asarray(rule, dtype=np.bool_) for _, rule in rules]
    return np.select(conditions, [np.array(kind, dtype=object) for kind, _ in rules], default="sale")


def _fits(values: pd.Series, pattern: str) -> NDArray[np.bool_]:
    """Whether the whole text fits, asked once for each different text of a category column."""
    asked = values.cat.categories.str.fullmatch(pattern)
    return np.asarray(asked, dtype=np.bool_)[values.cat.codes.to_numpy()]


def _with_matches(lines: pd.DataFrame) -> pd.DataFrame:
    """Match the cancellations of lines whose kind is text, and count what is left of each sale."""
    lines["cancelled"], refunded = _matched(lines)
    kind = lines["kind"].to_numpy(dtype=object, copy=True)
    open_ = kind == "cancellation_unmatched"
    units, found = lines["quantity"].abs().to_numpy(), lines["cancelled"].to_numpy()
    kind[open_ & (found == units)] = "cancellation_matched"
    kind[open_ & (found > 0) & (found < units)] = "cancellation_partly"
    lines["net_pence"] = np.where(kind == "sale", lines["pence"] - refunded, 0)
    lines["kind"] = pd.Categorical(kind, categories=list(KINDS))
    return lines


def _matched(lines: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Units of each line that a match cancels, and pence of each sale that were paid back."""
    cancelled = np.zeros(len(lines), dtype=np.int64)
    refunded = np.zeros(len(lines), dtype=np.int64)
    pence = lines["pence"].to_numpy()
    wanted = lines["quantity"].abs().to_numpy()
    for cancellation, sales in _candidates(lines):
        open_, paid_back = int(wanted[cancellation]), 0
        for sale in sales:
            units = min(open_, int(wanted[sale] - cancelled[sale]))
            if units <= 0:
                continue
            open_ -= units
            cancelled[sale] += units
            # Running totals, rounded: the parts of a cancellation add up to its money.
            share = -int(pence[cancellation]) * (int(wanted[cancellation]) - open_)
            total = round(share / int(wanted[cancellation]))
            refunded[sale] += total - paid_back
            paid_back = total
            if not open_:
                break
        cancelled[cancellation] = wanted[cancellation] - open_
    return cancelled, refunded


def _candidates(lines: pd.DataFrame) -> Iterator[tuple[int, list[int]]]:
    """Each cancellation in order of time, with the sales it may have cancelled, the likeliest first."""
    kind = lines["kind"].to_numpy()
    moment, price = lines["moment"].to_numpy(), lines["price"].to_numpy()
    keys = pd.MultiIndex.from_frame(lines[["customer", "item"]])
    cancels = np.flatnonzero(kind == "cancellation_unmatched")
    sold = np.flatnonzero((kind == "sale") & keys.isin(keys[cancels].unique()))
    sold = sold[np.argsort(moment[sold], kind="stable")]
    bought: dict[object, list[int]] = {}
    for place in sold.tolist():
        bought.setdefault(keys[place], []).append(place)
    for place in cancels[np.argsort(moment[cancels], kind="stable")].tolist():
        before = [each for each in reversed(bought.get(keys[place], [])) if moment[each] <= moment[place]]
        same = [each for each in before if price[each] == price[place]]
        yield place, same + [each for each in before if price[each] > price[place]]
