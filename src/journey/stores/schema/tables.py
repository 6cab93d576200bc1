"""The canonical raw tables, declared once.

Everything that needs to know a column reads it here: the validation of a store, the pandera schemas and the
data dictionary of the appendix. A null, a negative quantity or an odd time that raw data may legally hold is
said in the column's own line.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SCHEMA_VERSION = 1

EVENT_TYPES = ("view", "search", "add_to_cart", "remove_from_cart", "checkout", "purchase")
ITEM_EVENT_TYPES = ("view", "add_to_cart", "remove_from_cart", "purchase")
"""Event types that concern one item; `search` and `checkout` concern none."""
DEVICES = ("mobile", "desktop", "tablet", "unknown")
CHANNELS = ("direct", "organic", "paid_search", "email", "social", "affiliate", "unknown")
VARIANTS = ("control", "treatment")
PRICE_TEXT = r"^[A-Z]{3} -?[0-9]+(\.[0-9]+)?$"
"""A price that was written as text after the column changed its type, such as 'EUR 12.50'."""


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a raw table.

    Attributes
    ----------
    name : str
        Column name.
    types : tuple of str
        DuckDB types the column may have; more than one only where a drift between partitions is known.
    description : str
        What a value means.
    unit : str
        Unit of a value; empty when there is none.
    nullable : bool
        Whether a null is legal.
    null_meaning : str
        What a null says; given for every nullable column.
    allowed : tuple of str
        Every legal value; empty when values are not enumerated.
    minimum, maximum : float or None
        Legal range, both ends included.
    dirt : str
        Legal raw dirt that staging repairs; empty when there is none.
    """

    name: str
    types: tuple[str, ...]
    description: str
    unit: str = ""
    nullable: bool = False
    null_meaning: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    dirt: str = ""


@dataclass(frozen=True)
class TableSpec:
    """One raw table: its file or partition pattern, grain, key and columns."""

    name: str
    path: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[ColumnSpec, ...]
    may_be_empty: bool = False
    by_name: dict[str, ColumnSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)


USERS = TableSpec(
    name="users",
    path="users.parquet",
    grain="one row per registered user",
    key=("user_id",),
    columns=(
        ColumnSpec("user_id", ("BIGINT",), "Identifier of the user", minimum=0),
        ColumnSpec(
            "signup_ts",
            ("TIMESTAMP",),
            "When the account was made",
            unit="UTC",
            nullable=True,
            null_meaning="the store does not record sign-ups",
        ),
        ColumnSpec("country", ("VARCHAR",), "Country of the account; 'unknown' when not recorded"),
        ColumnSpec("age_band", ("VARCHAR",), "Age band of the user; 'unknown' when not recorded"),
        ColumnSpec(
            "device_preference",
            ("VARCHAR",),
            "Device the user shops on most; 'unknown' when not recorded",
            allowed=DEVICES,
        ),
        ColumnSpec(
            "acquisition_channel",
            ("VARCHAR",),
            "Channel that brought the user first; 'unknown' when not recorded",
            allowed=CHANNELS,
        ),
    ),
)

ITEMS = TableSpec(
    name="items",
    path="items.parquet",
    grain="one row per item on sale",
    key=("item_id",),
    columns=(
        ColumnSpec("item_id", ("BIGINT",), "Identifier of the item", minimum=0),
        ColumnSpec("category", ("VARCHAR",), "Category of the item; 'unknown' when not recorded"),
        ColumnSpec("brand", ("VARCHAR",), "Brand of the item; 'unknown' when not recorded"),
        ColumnSpec(
            "price",
            ("DOUBLE",),
            "List price",
            unit="EUR",
            nullable=True,
            null_meaning="the store does not publish prices",
            minimum=0,
        ),
        ColumnSpec(
            "rating",
            ("DOUBLE",),
            "Mean rating by customers",
            unit="stars",
            nullable=True,
            null_meaning="the store does not publish ratings",
            minimum=1,
            maximum=5,
        ),
    ),
)

EVENTS = TableSpec(
    name="events",
    path="events/day=YYYY-MM-DD/events.parquet",
    grain="one row per event as the server received it; the partition is the day of receipt",
    key=("event_id", "received_ts"),
    columns=(
        ColumnSpec(
            "event_id",
            ("BIGINT",),
            "Identifier given by the sender",
            minimum=0,
            dirt="a row that is sent again may keep its identifier",
        ),
        ColumnSpec(
            "ts",
            ("TIMESTAMP",),
            "When the event happened by the clock of the device",
            unit="UTC",
            dirt="a wrong clock puts it hours into the future or days, even decades, into the past",
        ),
        ColumnSpec(
            "received_ts",
            ("TIMESTAMP",),
            "When the server received the row, by the clock of the server",
            unit="UTC",
            dirt="a late row arrives hours after it happened",
        ),
        ColumnSpec(
            "user_id",
            ("BIGINT",),
            "Who did it",
            nullable=True,
            null_meaning="the identifier was lost",
            minimum=0,
            dirt="null; bots use identifiers that look registered",
        ),
        ColumnSpec("event_type", ("VARCHAR",), "What happened", allowed=EVENT_TYPES),
        ColumnSpec(
            "item_id",
            ("BIGINT",),
            "Which item it concerns",
            nullable=True,
            null_meaning="a search or a checkout concerns no single item",
            minimum=0,
        ),
        ColumnSpec("device", ("VARCHAR",), "Device of the session", allowed=DEVICES),
        ColumnSpec("channel", ("VARCHAR",), "Channel that brought the session", allowed=CHANNELS),
        ColumnSpec(
            "quantity",
            ("BIGINT",),
            "Units put into the cart, taken out or bought; 1 on other events",
            unit="units",
            minimum=-1_000_000,
            maximum=1_000_000,
            dirt="negative on a cart or purchase row",
        ),
        ColumnSpec(
            "unit_price",
            ("DOUBLE", "VARCHAR"),
            "List price of one unit",
            unit="EUR",
            nullable=True,
            null_meaning="a search or a checkout has no price; or the store does not record prices",
            minimum=0,
            dirt="text such as 'EUR 12.50' from the day on which the column changed its type",
        ),
        ColumnSpec(
            "discount_pct",
            ("DOUBLE",),
            "Discount on the list price; 0 when none was given",
            unit="%",
            nullable=True,
            null_meaning="the store does not record discounts",
            minimum=0,
            maximum=100,
        ),
    ),
)

EXPOSURES = TableSpec(
    name="exposures",
    path="exposures.parquet",
    grain="one row per user and experiment",
    key=("user_id", "experiment"),
    may_be_empty=True,
    columns=(
        ColumnSpec("user_id", ("BIGINT",), "Who was exposed", minimum=0),
        ColumnSpec("experiment", ("VARCHAR",), "Name of the experiment"),
        ColumnSpec("variant", ("VARCHAR",), "Arm of the experiment", allowed=VARIANTS),
        ColumnSpec("ts", ("TIMESTAMP",), "First exposure", unit="UTC"),
    ),
)

SCHEMA: dict[str, TableSpec] = {table.name: table for table in (USERS, ITEMS, EVENTS, EXPOSURES)}
"""Every raw table by name, in the order in which a reader meets them."""
