"""The map of a shop's log, `shop.toml`: which column is what, which event means what, and by which rules.

Every entry is checked here, so that an import meets only maps that make sense; what the file must have
besides is checked against the file itself (`journey.stores.imported.rows`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from journey.errors import JourneyError
from journey.stores.catalog import unknown_name
from journey.stores.schema import CHANNELS, DEVICES, EVENT_TYPES

PRESETS = Path(__file__).parent / "presets"
REQUIRED = ("time", "user")
#: role -> what the column holds
ROLES = {
    "time": "when it happened",
    "user": "who did it",
    "event": "what happened",
    "item": "which item",
    "order": "number of the order",
    "quantity": "units",
    "price": "price paid for one unit",
    "list_price": "price of one unit before discounts",
    "discount": "discount in percent of the list price",
    "category": "category of the item",
    "brand": "brand of the item",
    "device": "device",
    "channel": "channel that brought the visit",
    "session": "the shop's own session number",
    "received": "when the server received the row",
    "country": "country of the user",
    "day": "calendar day in the shop's time zone, as the log gives it",
}
#: Roles that the layout `ga4` fills (`journey.stores.imported.ga4`).
GA4: tuple[str, ...] = (
    "time",
    "user",
    "event",
    "item",
    "order",
    "quantity",
    "price",
    "category",
    "brand",
    "device",
    "channel",
)
GA4 += ("session", "country", "day")
#: What a file of users may tell of one.
USER_ROLES = ("signup", "country", "age", "device", "channel")
TIME_FORMATS = ("auto", "iso", "s", "ms", "us", "ns", "excel")
LAYOUTS = ("rows", "ga4")
ORDER_RULES = ("id", "session", "moment")
OTHERS = ("refuse", "ignore")
IDENTICAL = ("keep", "remove")
MOST_SKIPPED = 1000
#: Minutes without an event that end a session, where the map does not say; the rule of the project's SQL.
DEFAULT_GAP = 30
LONGEST_GAP = 24 * 60
SECTIONS: dict[str, tuple[str, ...]] = {
    "columns": tuple(ROLES),
    "events": (*EVENT_TYPES, "ignore", "other", "always"),
    "time": ("format", "zone", "shop_zone"),
    "file": ("delimiter", "decimal", "header", "skip", "layout"),
    "rules": ("currency", "from", "to", "session", "order", "identical_lines", "fill_order"),
    "device": DEVICES,
    "channel": CHANNELS,
    "exposures": ("file", "user", "experiment", "variant", "time", "control"),
    "users": ("file", "user", "signup", "signup_format", "country", "age", "device", "channel"),
}


@dataclass(frozen=True)
class ShopMap:
    """A checked map.

    Attributes
    ----------
    columns
        Role -> column of the file.
    events
        Name in the file -> event type, or `ignore`.
    always
        The event type of every row, where the log has no column for it.
    other
        What to do with names that `events` does not list: `refuse` or `ignore`.
    time_format
        `auto`, `iso`, `s`, `ms`, `us`, `ns`, `excel`, or a pattern such as `%d/%m/%Y %H:%M`.
    zone
        Zone of times that do not bring one along; empty when the map does not say.
    shop_zone
        Zone whose wall clock the report uses.
    decimal
        Decimal sign of numbers in text; empty when the map does not say.
    header
        Names of the columns where the file has no header; empty when it has one.
    session_gap
        Minutes without an event that end a session.
    own_sessions
        Whether sessions are those of the log's own numbers instead.
    skip
        Lines of a CSV above the names of its columns.
    order
        What makes an order: its `id`, purchases not further apart than `session_gap` (`session`), or one
        `moment`.
    words
        `device` and `channel`: text in the file, in lower case -> canonical value.
    """

    columns: Mapping[str, str]
    events: Mapping[str, str]
    always: str = ""
    other: str = "refuse"
    time_format: str = "auto"
    zone: str = ""
    shop_zone: str = "UTC"
    delimiter: str = ""
    decimal: str = ""
    header: tuple[str, ...] = ()
    skip: int = 0
    layout: str = "rows"
    currency: str = "EUR"
    first: date | None = None
    last: date | None = None
    session_gap: int = DEFAULT_GAP
    own_sessions: bool = False
    order: str = "moment"
    identical_lines: str = "keep"
    fill_order: bool = False
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exposures: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)

    def kinds(self) -> set[str]:
        """Event types that the map can give."""
        return {self.always} if self.always else {kind for kind in self.events.values() if kind != "ignore"}


def preset_names() -> list[str]:
    """Maps that come with the package."""
    return sorted(file.stem for file in PRESETS.glob("*.toml"))


def read_map(where: str | Path) -> tuple[ShopMap, str]:
    """Read a map from a file, or a preset by its name; gives the map and its text.

    Raises
    ------
    JourneyError
        For a missing file or unknown preset, a file that is no TOML, and any entry that is unknown or does
        not make sense.
    """  # noqa: DOC501 (unknown_name makes a JourneyError)
    path = Path(where)
    if not path.is_file():
        if path.suffix or len(path.parts) > 1:
            raise JourneyError(f"{path} does not exist; `journey import EVENTS --propose` writes a first map")
        if str(where) not in preset_names():
            raise unknown_name("map", str(where), preset_names())
        path = PRESETS / f"{where}.toml"
    text, value = map_text(path)
    return check_map(value, path.name), text


def map_text(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a map, and its values, which are not checked.

    Raises
    ------
    JourneyError
        For a file that is no TOML in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise JourneyError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise JourneyError(f"{path} is not valid TOML: {error}; correct that line") from None


def check_entries(value: Mapping[str, Any], name: str) -> None:
    """Refuse sections and entries that no map has.

    Raises
    ------
    JourneyError
        For the first.
    """
    for section, entries in value.items():
        if section not in SECTIONS:
            raise JourneyError(f"{name}: unknown section [{section}]; known: {', '.join(SECTIONS)}")
        if not isinstance(entries, Mapping):
            raise JourneyError(f"{name}: {section} must be a section of its own, [{section}]")
        if foreign := [key for key in entries if key not in SECTIONS[section]]:
            raise JourneyError(
                f"{name}: [{section}] has an unknown entry {foreign[0]!r};"
                f" known: {', '.join(SECTIONS[section])}"
            )


def check_map(value: Mapping[str, Any], name: str) -> ShopMap:
    """Make a map from the values of a TOML file; `name` stands in errors, which are as in `read_map`."""
    check_entries(value, name)
    columns = _columns(value.get("columns", {}), value.get("file", {}).get("layout", "rows"), name)
    events, always = _events(value.get("events", {}), columns, name)
    time, file, rules = (value.get(section, {}) for section in ("time", "file", "rules"))
    made = ShopMap(
        columns=columns,
        events=events,
        always=always,
        other=_choice(value.get("events", {}), "other", OTHERS, "refuse", f"{name}: [events]"),
        time_format=_time_format(time.get("format", "auto"), name),
        zone=_zone(time.get("zone", ""), f"{name}: [time] zone"),
        shop_zone=_zone(time.get("shop_zone") or time.get("zone") or "UTC", f"{name}: [time] shop_zone"),
        delimiter=_text(file, "delimiter", "", f"{name}: [file]"),
        decimal=_choice(file, "decimal", ("", ".", ","), "", f"{name}: [file]"),
        header=_names(file.get("header", []), f"{name}: [file] header"),
        skip=_skip(file.get("skip", 0), name),
        layout=_choice(file, "layout", LAYOUTS, "rows", f"{name}: [file]"),
        currency=_currency(rules.get("currency", "EUR"), name),
        first=_day(rules, "from", name),
        last=_day(rules, "to", name),
        **_session(rules, columns, name),
        order=_order(rules, columns, name),
        identical_lines=_choice(rules, "identical_lines", IDENTICAL, "keep", f"{name}: [rules]"),
        fill_order=rules.get("fill_order", False) is True,
        words={part: _words(value.get(part, {}), f"{name}: [{part}]") for part in ("device", "channel")},
        exposures=_texts(value.get("exposures", {})),
        users=_texts(value.get("users", {})),
    )
    _check_together(made, name)
    return made


def _check_together(made: ShopMap, name: str) -> None:
    if made.first and made.last and made.first > made.last:
        raise JourneyError(f"{name}: [rules] from is {made.first}, which is after to, {made.last}")
    if made.header and (missing := [c for c in made.columns.values() if c not in made.header]):
        raise JourneyError(f"{name}: column {missing[0]!r} is not in [file] header, {', '.join(made.header)}")
    if made.fill_order and "order" not in made.columns:
        raise JourneyError(f"{name}: [rules] fill_order needs [columns] order")
    needed = {"exposures": ("file", "user", "experiment", "variant", "control"), "users": ("file", "user")}
    for section, keys in needed.items():
        given = getattr(made, section)
        if given and (missing := [key for key in keys if not given.get(key)]):
            raise JourneyError(f"{name}: [{section}] lacks {missing[0]}")
    if made.users and not {*made.users} & {*USER_ROLES}:
        raise JourneyError(f"{name}: [users] names no column but user; name one of {', '.join(USER_ROLES)}")
    if made.users:
        _time_format(made.users.get("signup_format", "auto"), name, "[users] signup_format")


def _columns(given: Mapping[str, Any], layout: str, name: str) -> dict[str, str]:
    found = {role: column for role, column in given.items() if column != ""}
    if wrong := [role for role, column in found.items() if not isinstance(column, str)]:
        raise JourneyError(f"{name}: [columns] {wrong[0]} must be the name of a column, as text")
    if layout == "ga4":
        if found:
            raise JourneyError(f'{name}: layout = "ga4" knows its columns; leave [columns] out')
        return {role: role for role in GA4}
    if missing := [role for role in REQUIRED if role not in found]:
        raise JourneyError(
            f"{name}: [columns] lacks {missing[0]} ({ROLES[missing[0]]}); time, user and event are needed"
        )
    return found


def _events(given: Mapping[str, Any], columns: Mapping[str, str], name: str) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    always = given.get("always", "")
    if always:
        if always not in EVENT_TYPES:
            raise JourneyError(f"{name}: [events] always is {always!r}; use one of {', '.join(EVENT_TYPES)}")
        return found, always
    for kind in (*EVENT_TYPES, "ignore"):
        for text in _names(given.get(kind, []), f"{name}: [events] {kind}"):
            if text in found:
                raise JourneyError(
                    f"{name}: [events] lists {text!r} twice, as {found[text]} and as {kind}; keep one"
                )
            found[text] = kind
    if "event" not in columns:
        raise JourneyError(
            f"{name}: [columns] lacks event ({ROLES['event']}); for a log of orders alone write"
            ' always = "purchase" under [events]'
        )
    if not found.keys() - {text for text, kind in found.items() if kind == "ignore"}:
        raise JourneyError(
            f"{name}: [events] maps no event; say which names mean {', '.join(EVENT_TYPES)}, or"
            ' always = "purchase" for a log of orders'
        )
    return found, ""


def _names(given: Any, where: str) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(each, str | int) for each in names):
        raise JourneyError(f"{where} must be a list of texts, found {given!r}")
    return tuple(str(each) for each in names)


def _words(given: Mapping[str, Any], where: str) -> dict[str, str]:
    return {
        text.lower(): canonical
        for canonical, texts in given.items()
        for text in _names(texts, f"{where} {canonical}")
    }


def _choice(given: Mapping[str, Any], key: str, known: tuple[str, ...], default: str, where: str) -> str:
    value = given.get(key, default)
    if value not in known:
        raise JourneyError(f"{where} {key} is {value!r}; use one of {', '.join(known)}")
    return str(value)


def _text(given: Mapping[str, Any], key: str, default: str, where: str) -> str:
    value = given.get(key, default)
    if not isinstance(value, str) or len(value) > 1:
        raise JourneyError(f"{where} {key} is {value!r}; use one sign")
    return value


def _skip(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= MOST_SKIPPED:
        raise JourneyError(f"{name}: [file] skip is {value!r}; use a number of lines, at most {MOST_SKIPPED}")
    return value


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(entry) for key, entry in given.items() if entry != ""}


def _time_format(value: Any, name: str, where: str = "[time] format") -> str:
    if isinstance(value, str) and (value in TIME_FORMATS or "%" in value):
        return value
    raise JourneyError(
        f"{name}: {where} is {value!r}; use one of {', '.join(TIME_FORMATS)}, or a pattern such as"
        " '%d/%m/%Y %H:%M'"
    )


def _zone(value: Any, where: str) -> str:
    if value == "":
        return ""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError):
        raise JourneyError(f"{where} is {value!r}; use a name such as 'Europe/Berlin' or 'UTC'") from None
    return str(value)


def _currency(value: Any, name: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
        raise JourneyError(f"{name}: [rules] currency is {value!r}; use three capitals, such as 'EUR'")
    return value


def _day(rules: Mapping[str, Any], key: str, name: str) -> date | None:
    value = rules.get(key)
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and value else value or None
    except ValueError:
        day = value
    if day is not None and type(day) is not date:
        raise JourneyError(f"{name}: [rules] {key} is {value!r}; use a day such as 2025-01-31")
    return day


def _order(rules: Mapping[str, Any], columns: Mapping[str, str], name: str) -> str:
    rule = _choice(rules, "order", ORDER_RULES, "id" if "order" in columns else "moment", f"{name}: [rules]")
    if rule == "id" and "order" not in columns:
        raise JourneyError(f'{name}: [rules] order = "id" needs [columns] order')
    return rule


def _session(rules: Mapping[str, Any], columns: Mapping[str, str], name: str) -> dict[str, Any]:
    value = rules.get("session", DEFAULT_GAP)
    if value == "own":
        if "session" not in columns:
            raise JourneyError(f'{name}: [rules] session = "own" needs [columns] session')
        return {"own_sessions": True}
    if type(value) is not int or not 1 <= value <= LONGEST_GAP:
        raise JourneyError(
            f"{name}: [rules] session is {value!r}; use minutes from 1 to {LONGEST_GAP:,} as a number, or"
            ' "own" for the session numbers of the log'
        )
    return {"session_gap": value}
