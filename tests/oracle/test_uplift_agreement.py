"""The Hillstrom experiment computed from the raw file; skipped where the data are absent.

Published uplift metrics and rates are in `journey.published.uplift`; test_published.py goes through them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.published import published, tolerance, value
from journey.studies.hillstrom import hillstrom_covariates, hillstrom_uplift


@pytest.fixture(scope="module")
def hillstrom() -> pd.DataFrame:
    folder = os.environ.get("JOURNEY_DATA_DIR")
    if not folder:
        pytest.skip("needs the Hillstrom data: set JOURNEY_DATA_DIR")
    path = Path(folder) / "hillstrom" / "hillstrom.csv"
    if not path.is_file():
        pytest.skip(f"needs the Hillstrom data: {path.name} is not in JOURNEY_DATA_DIR")
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def result(hillstrom):
    return hillstrom_uplift(hillstrom, 0, n_boot=100)


@pytest.mark.data
def test_hillstrom_arms(result):
    # Sizes, visits, conversions and spend are counts of the file as distributed (Hillstrom 2008,
    # blog.minethatdata.com, 20 March 2008); that post prints none of them. The visit rates are those of
    # journey.published.
    arms = result["arms"]
    assert {k: v["n"] for k, v in arms.items()} == {"mens": 21307, "womens": 21387, "none": 21306}
    for name, arm in arms.items():
        printed = published(f"hillstrom_{name}").printed[0]
        assert 100 * arm["visit_rate"] == pytest.approx(value(printed), abs=tolerance(printed))
    assert sum(v["visits"] for v in arms.values()) == 9394
    assert sum(v["conversions"] for v in arms.values()) == 578
    assert sum(v["spend"] for v in arms.values()) == pytest.approx(67258.13)


@pytest.mark.data
def test_hillstrom_effects_are_differences_between_one_mailing_and_no_mail(result):
    arms = result["arms"]
    for name in ("mens", "womens"):
        mailing = result["mailings"][name]
        assert mailing["n"] == arms[name]["n"] + arms["none"]["n"]
        assert mailing["n_mailed"] == arms[name]["n"]
        for outcome, key in (("visit", "visit_rate"), ("spend", "spend_per_customer")):
            effect = mailing["effects"][outcome]
            assert effect["value"] == pytest.approx(arms[name][key] - arms["none"][key])
            assert 0 < effect["low"] < effect["value"] < effect["high"]


@pytest.mark.data
def test_hillstrom_womens_mailing_has_uplift_to_target_and_mens_has_little(result):
    # No published figure: these limits keep what was measured with seed 0 and sequential scores (women's Qini
    # 0.0059 to 0.0087, men's 0.0005 to 0.0026) from changing unnoticed.
    womens, mens = (result["mailings"][k]["learners"] for k in ("womens", "mens"))
    assert len(womens) == len(mens) == 8
    assert all(entry["qini"]["low"] > 0.003 for entry in womens)
    assert all(0 < entry["qini"]["value"] < 0.003 for entry in mens)
    assert min(e["qini"]["value"] for e in womens) > 2 * max(e["qini"]["value"] for e in mens)
    for entry in womens:
        assert entry["slope_p_value"] < 1e-5
        assert entry["uplift_at"]["0.3"]["value"] > result["mailings"]["womens"]["effects"]["visit"]["value"]


@pytest.mark.data
def test_hillstrom_rankings_are_judged_on_customers_of_later_folds(result):
    for mailing in result["mailings"].values():
        assert mailing["n_scored"] == pytest.approx(0.8 * mailing["n"], abs=5)
        assert sum(arm["high"] for arm in mailing["groups"]["overall"].values()) > 1


@pytest.mark.data
def test_hillstrom_result_is_json_and_the_seed_decides(hillstrom, result):
    text = json.dumps(result, allow_nan=False, sort_keys=True)
    assert len(text) < 150_000
    sample = hillstrom.iloc[::24]
    one, two = (json.dumps(hillstrom_uplift(sample, 5, n_boot=20), sort_keys=True) for _ in range(2))
    assert one == two


def test_hillstrom_refuses_a_foreign_file():
    with pytest.raises(JourneyError, match="lacks the column"):
        hillstrom_uplift(pd.DataFrame({"visit": [1]}))
    frame = pd.DataFrame(
        {
            "recency": [1, 2],
            "history": [10.0, None],
            "mens": [1, 0],
            "womens": [0, 1],
            "zip_code": ["Rural", "Urban"],
            "newbie": [0, 1],
            "channel": ["Web", "Phone"],
            "segment": ["Mens E-Mail", "No E-Mail"],
            "visit": [0, 1],
            "conversion": [0, 0],
            "spend": [0.0, 0.0],
        }
    )
    with pytest.raises(JourneyError, match="Womens E-Mail"):
        hillstrom_uplift(frame)
    full = pd.concat([frame, frame.assign(segment="Womens E-Mail")])
    with pytest.raises(JourneyError, match="2 of 4 rows"):
        hillstrom_uplift(full)
    assert hillstrom_covariates(frame.assign(history=1.0)).shape == (2, 8)
