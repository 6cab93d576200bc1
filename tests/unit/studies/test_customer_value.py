"""Studies of value and leaving on invoices of another shop and year; nothing of one file is assumed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from journey.customers.bgnbd import BetaGeometric
from journey.errors import JourneyError
from journey.studies.customer_value import churn, watch
from journey.studies.customer_value.churn import describe_retail_churn
from journey.studies.customer_value.invoices import HORIZON, Invoices
from journey.studies.customer_value.retail import describe_retail_value

START = np.datetime64("2019-03-04")


def invoices(days, *, customers=500, leaving=0.006, seed=0):
    """Lines of a shop with the columns of Online Retail: customers order at rates of their own and leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(customers):
        rate, born, spends = rng.gamma(1.5, 1 / 40), rng.integers(0, days // 2), rng.lognormal(0, 0.6)
        until = min(days - 1, born + rng.exponential(1 / leaving))
        moments = [born + 0.4, *(born + 0.4 + np.cumsum(rng.exponential(1 / rate, size=80)))]
        for moment in moments:
            if moment < until or moment == moments[0]:
                rows += [(who, moment, item, spends) for item in rng.integers(10_000, 10_050, size=2)]
    rows += [(0, days - 0.5, 10_001, 1.0)]
    who, moment, item, spends = (np.array(column) for column in zip(*rows, strict=True))
    order = np.argsort(moment, kind="stable")
    frame = pd.DataFrame(
        {
            "InvoiceNo": np.arange(len(who)) + 500_000,
            "StockCode": item[order],
            "Description": "A THING",
            "Quantity": rng.integers(1, 12, size=len(who)),
            "InvoiceDate": START + (moment[order] * 86_400).astype("timedelta64[s]"),
            "UnitPrice": np.round(spends[order] * rng.gamma(3, 2, size=len(who)) + 0.5, 2),
            "CustomerID": who[order] + 12_000.0,
            "Country": "United Kingdom",
        }
    ).astype({"InvoiceNo": str, "StockCode": str})
    # One order is taken back a month later, after any model has seen it whole.
    taken = frame.iloc[[len(frame) // 2]].assign(
        InvoiceNo="C999999",
        Quantity=lambda row: -row["Quantity"],
        InvoiceDate=lambda row: row["InvoiceDate"] + np.timedelta64(30, "D"),
    )
    return pd.concat([frame, taken]).sort_values("InvoiceDate").reset_index(drop=True)


@pytest.fixture
def quick(monkeypatch):
    """Fewer draws: what is tested here does not depend on them."""
    monkeypatch.setattr(watch, "ROTATIONS", 2)
    monkeypatch.setattr(watch, "DRAWS", 60)
    monkeypatch.setattr(watch, "FEW", 60)
    monkeypatch.setattr(churn, "REPLICATES", 20)


def test_another_year_gives_every_part(quick):
    raw = invoices(380)
    found = describe_retail_value(raw)
    json.dumps(found, allow_nan=False)
    parts = found["forecasts"]
    assert found["last"] == str(START + 379)
    assert parts["again_a_year_ago"] is False
    assert set(parts["measures"]) == {"model", "trees", "again"}
    # Leaving is strong here, so the model with leaving holds and its forecast is about right.
    assert parts["model"] == "BG/NBD"
    assert abs(parts["expected_orders"] / parts["orders"] - 1) < 0.35
    left = describe_retail_churn(raw)
    json.dumps(left, allow_nan=False)
    assert set(left["horizons"]) == {"60", "90", "120"}
    main = left["horizons"]["90"]
    assert all(len(rule["chosen"]) == len(churn.GRID) for rule in main["reach"].values())
    assert main["reach"]["logistic, none"]["chosen"][0] == main["test"]
    assert left["easy"]["circular"]["roc_auc"] > 0.99
    assert left["watch"]["looks"] > 10


def test_two_years_foretell_by_the_year_before():
    found = describe_retail_value(invoices(700, customers=250, leaving=0.002))
    assert found["forecasts"]["again_a_year_ago"] is True


def test_what_is_cancelled_later_is_not_known_yet():
    raw = invoices(380, customers=120)
    shop = Invoices(raw)
    back = int(
        raw.loc[raw["InvoiceNo"] == "C999999", "InvoiceDate"]
        .iloc[0]
        .to_datetime64()
        .astype("datetime64[D]")
        .astype(int)
    )
    before = raw["InvoiceDate"] < np.datetime64(back, "D")
    known, alone = shop.known(back - 1), Invoices(raw[before]).everything
    assert known.money.tolist() == alone.money.tolist()
    total = shop.everything.money[shop.everything.day < back].sum()
    assert total < known.money.sum()


def test_a_short_file_is_refused():
    with pytest.raises(JourneyError, match=r"cover 1\d\d days"):
        Invoices(invoices(150, customers=60)).cut(HORIZON)


def test_the_model_of_another_year_can_be_rebuilt_from_its_fit():
    from journey.customers.likelihood import Fit

    fit = describe_retail_value(invoices(380))["whole"]["fits"]["buying"]
    assert BetaGeometric(Fit.of(fit)).expected_new(365) > 0
