"""The canonical schema of a store: its tables, its manifest and the check of a store folder."""

from journey.stores.schema.frames import pandera_schema
from journey.stores.schema.manifest import Manifest, Partitions, read_manifest, write_manifest
from journey.stores.schema.tables import (
    CHANNELS,
    DEVICES,
    EVENT_TYPES,
    EVENTS,
    EXPOSURES,
    ITEM_EVENT_TYPES,
    ITEMS,
    SCHEMA,
    USERS,
    ColumnSpec,
    TableSpec,
)
from journey.stores.schema.validate import validate_store

__all__ = [
    "CHANNELS",
    "DEVICES",
    "EVENTS",
    "EVENT_TYPES",
    "EXPOSURES",
    "ITEMS",
    "ITEM_EVENT_TYPES",
    "SCHEMA",
    "USERS",
    "ColumnSpec",
    "Manifest",
    "Partitions",
    "TableSpec",
    "pandera_schema",
    "read_manifest",
    "validate_store",
    "write_manifest",
]
