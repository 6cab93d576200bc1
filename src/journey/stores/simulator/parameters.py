"""What can be asked of the simulated shop."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from journey.errors import JourneyError

LARGEST_SHOP = 20_000_000
_SHARES = ("duplicate", "late", "skewed", "bot", "missing_user", "negative_quantity")


@dataclass(frozen=True)
class DirtRates:
    """How dirty the raw rows are. All rates are shares in [0, 1); zero switches a kind off.

    Attributes
    ----------
    duplicate : share of rows that are sent again.
    late : share of rows received 6 to 47 hours after they happened.
    skewed : share of sessions from a device whose clock is wrong.
    bot : share of users that are bots.
    missing_user : share of rows that lose their user.
    negative_quantity : share of cart and purchase rows with the sign of the quantity flipped.
    type_change : whether `unit_price` turns into text half-way through the window.
    """

    duplicate: float = 0.012
    late: float = 0.01
    skewed: float = 0.006
    bot: float = 0.002
    missing_user: float = 0.005
    negative_quantity: float = 0.01
    type_change: bool = True

    def __post_init__(self) -> None:
        for rate in _SHARES:
            share = getattr(self, rate)
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 <= share < 1.0:
                raise JourneyError(f"Dirt rate {rate} is {share!r}; give a share from 0 to below 1.")

    @classmethod
    def times(cls, factor: float) -> DirtRates:
        """The usual rates times a factor; 0 is a perfectly clean store.

        Raises
        ------
        JourneyError
            When the factor is not a number of 0 or more.
        """
        if isinstance(factor, bool) or not isinstance(factor, int | float) or not factor >= 0:
            raise JourneyError(f"Parameter dirt is {factor!r}; give DirtRates or a factor from 0 (clean) up.")
        return cls(**{rate: getattr(cls(), rate) * factor for rate in _SHARES}, type_change=factor > 0)


@dataclass(frozen=True)
class ShopParameters:
    """Size, seed and dirt of a simulated shop.

    Attributes
    ----------
    users, items, days : sizes; `days` counts from `start`.
    seed : same seed, same bytes.
    start : first day (UTC) of the window.
    dirt : rates of dirt, or a factor on the usual rates (0: a clean store).
    chunk_users : users handled at a time within a day. Bounds the memory; does not change the result.

    Raises
    ------
    JourneyError
        When a value is impossible.
    """

    users: int = 10_000
    items: int = 1_000
    days: int = 90
    seed: int = 7
    start: date = date(2025, 1, 6)
    dirt: DirtRates | float = field(default_factory=DirtRates)
    chunk_users: int = 250_000

    def __post_init__(self) -> None:
        if not isinstance(self.dirt, DirtRates):
            object.__setattr__(self, "dirt", DirtRates.times(self.dirt))
        limits = {
            "users": (1, LARGEST_SHOP),
            "items": (16, 1_000_000),
            "days": (1, 3_650),
            "seed": (0, 2**32 - 1),
            "chunk_users": (1, LARGEST_SHOP),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise JourneyError(
                    f"Parameter {name} is {value!r}; give a whole number from {low:,} to {high:,}."
                )
        if type(self.start) is not date or not 1990 <= self.start.year <= 2100:
            raise JourneyError(f"Parameter start is {self.start!r}; give a date between 1990 and 2100.")

    def scaled(self, day: int) -> int:
        """A day of the 90-day calendar, moved to a window of another length."""
        return round(day * self.days / 90)

    @property
    def rates(self) -> DirtRates:
        """Rates of dirt."""
        assert isinstance(self.dirt, DirtRates)
        return self.dirt

    @property
    def promotion(self) -> tuple[int, ...]:
        """Days of the promotion weekend (Saturday and Sunday nearest to 45% of the window)."""
        middle = 0.45 * self.days
        saturdays = [d for d in range(self.days - 1) if (self.start + timedelta(d)).weekday() == 5]
        if not saturdays:
            return ()
        first = min(saturdays, key=lambda d: (abs(d - middle), d))
        return (first, first + 1)

    @property
    def drift_day(self) -> int:
        """First day of the channel-mix shift (the last three weeks of 90 days)."""
        return self.scaled(69)

    @property
    def type_change_day(self) -> int | None:
        """First partition in which `unit_price` is text, if any."""
        return self.scaled(45) if self.rates.type_change else None

    def experiment_days(self) -> dict[str, int]:
        """First day of each experiment; all run to the end of the window."""
        return {
            "free_shipping": self.scaled(30),
            "checkout_aa": self.scaled(14),
            "broken_banner": self.scaled(20),
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without `chunk_users`, which changes nothing."""
        values = asdict(self)
        values.pop("chunk_users")
        values["start"] = self.start.isoformat()
        return values
