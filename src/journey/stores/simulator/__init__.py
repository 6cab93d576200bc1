"""A simulated shop whose truth is known: raw store folder in, nothing else needed."""

from journey.stores.simulator.parameters import DirtRates, ShopParameters
from journey.stores.simulator.shop import simulate

__all__ = ["DirtRates", "ShopParameters", "simulate"]
