"""What a row may not be: the rules of the canonical schema as SQL conditions.

A condition is true for a row that breaks the rule. Conditions follow from the column declarations; the few
rules that tie columns together are written here.
"""

from __future__ import annotations

from dataclasses import dataclass

from journey.stores.schema.manifest import Manifest
from journey.stores.schema.tables import ITEM_EVENT_TYPES, ColumnSpec, TableSpec

# Network delay and late arrival are legal up to here; beyond it the clock of the device is wrong.
SKEW = "(ts > received_ts + interval 10 minutes or ts < received_ts - interval 72 hours)"


@dataclass(frozen=True)
class Rule:
    """A condition that no row may meet.

    Attributes
    ----------
    column : str
        Column to name in the error.
    condition : str
        SQL over the columns of the table; true for a row at fault.
    fault : str
        What is wrong with such a row, to follow "N rows".
    """

    column: str
    condition: str
    fault: str


def column_rules(column: ColumnSpec, kind: str) -> list[Rule]:
    """Rules of one column on its own, read from its declaration; `kind` is its type in the file."""
    name, found = column.name, []
    if not column.nullable:
        found.append(Rule(name, f"{name} is null", "without a value"))
    if column.allowed:
        listed = ", ".join(f"'{value}'" for value in column.allowed)
        fault = f"with a value that is not one of {', '.join(column.allowed)}"
        found.append(Rule(name, f"{name} not in ({listed})", fault))
    if kind == "VARCHAR" and "DOUBLE" in column.types:
        return [*found, *_text_price_rules(column)]
    if kind == "DOUBLE":
        found.append(Rule(name, f"not isfinite({name})", "that are not a finite number"))
    if column.minimum is not None:
        fault = "below 0" if column.minimum == 0 else f"below {column.minimum:,g}"
        found.append(Rule(name, f"{name} < {column.minimum}", fault))
    if column.maximum is not None:
        found.append(Rule(name, f"{name} > {column.maximum}", f"above {column.maximum:,g}"))
    return found


def rules(table: TableSpec) -> list[Rule]:
    """Rules of a small table."""
    return [rule for column in table.columns for rule in column_rules(column, column.types[0])]


def event_rules(table: TableSpec, manifest: Manifest, *, text_price: bool) -> list[Rule]:
    """Rules of the events of one type of `unit_price`, with those that tie columns together."""
    found = []
    for column in table.columns:
        found += column_rules(column, column.types[-1] if text_price else column.types[0])
    listed = ", ".join(f"'{value}'" for value in ITEM_EVENT_TYPES)
    found += [
        Rule("received_ts", "received_ts::date <> day", "received on another day than their partition says"),
        Rule(
            "item_id",
            f"item_id is not null and event_type not in ({listed})",
            "with an item although a search or checkout concerns none",
        ),
        Rule(
            "item_id",
            "item_id is not null and item_id not in (select item_id from items)",
            "of an item that items.parquet does not list",
        ),
    ]
    if "events.item_id" not in manifest.missing_columns:
        condition = f"item_id is null and event_type in ({listed})"
        found.append(Rule("item_id", condition, "without the item of a view or cart"))
    if "events.unit_price" not in (
        *manifest.missing_columns,
        *manifest.parameters.get("partial_columns", ()),
    ):
        condition = f"unit_price is null and event_type in ({listed})"
        found.append(Rule("unit_price", condition, "without the price of a view or cart"))
    for kind in manifest.missing_event_types:
        fault = f"of type {kind}, which manifest.json says is not recorded"
        found.append(Rule("event_type", f"event_type = '{kind}'", fault))
    return found


DIRT = {
    "missing_user": "user_id is null",
    "negative_quantity": "quantity < 0",
    "skewed": SKEW,
    "late": f"received_ts - ts > interval 1 hour and not {SKEW}",
}
"""Legal dirt that a single row shows, by kind, as conditions."""


def _text_price_rules(column: ColumnSpec) -> list[Rule]:
    name = column.name
    number = f"try_cast({name}[5:] as double)"
    readable = f"{number} is not null and {name}[4] = ' ' and regexp_matches({name}[:3], '^[A-Z]{{3}}$')"
    return [
        Rule(name, f"{name} is not null and not ({readable})", "that are no price such as 'EUR 12.50'"),
        Rule(name, f"{number} < 0", "below 0"),
    ]
