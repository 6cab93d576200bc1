"""Import of a shop's own event log into the canonical schema."""

from journey.stores.imported.propose import propose_map
from journey.stores.imported.run import import_shop, read_report
from journey.stores.imported.shopmap import preset_names, read_map

__all__ = ["import_shop", "preset_names", "propose_map", "read_map", "read_report"]
