"""CDNOW and Online Retail: published digits, the traps of counting, and the committed results.

The published digits stand in `journey.published.customers`. Without the data, tests of them are skipped.
"""

from __future__ import annotations

import json

import pytest

from journey.customers.bgnbd import fit_bgnbd
from journey.customers.gamma_gamma import fit_gamma_gamma
from journey.customers.summary import follow, purchase_days, summarise
from journey.paths import project
from journey.published import published, tolerance, value
from journey.stores.datasets import load_cdnow_master, load_cdnow_sample
from journey.stores.locate import locate
from journey.studies.customer_value.cdnow import END, HORIZON, calendar_weeks, summary_of_rows

needs_data = pytest.mark.skipif(locate("cdnow_sample") is None, reason="CDNOW is not on this machine")


@pytest.fixture(scope="module")
def sample():
    """Rows, purchase days and summary of the sample."""
    frame = load_cdnow_sample()
    days = purchase_days(frame["customer_id"], frame["date"], frame["dollars"])
    return frame, days, summarise(days, END)


def committed(name):
    """Results of a committed evidence."""
    return json.loads((project().evidence / f"{name}.json").read_text(encoding="utf-8"))["results"]


@needs_data
def test_fits_have_the_published_digits(sample):
    summary = sample[2]
    for id, fit in (
        ("cdnow_bgnbd", fit_bgnbd(summary).fit),
        ("cdnow_gamma_gamma", fit_gamma_gamma(summary).fit),
    ):
        for text, ours in zip(published(id).printed, fit.values, strict=True):
            assert ours == pytest.approx(value(text), abs=tolerance(text))


@needs_data
def test_the_start_does_not_decide(sample):
    summary = sample[2]
    found = fit_bgnbd(summary).fit
    for start in ([1.0, 1.0, 1.0, 1.0], [0.1, 20.0, 3.0, 0.5], found.values):
        assert fit_bgnbd(summary, start=start).fit.log_likelihood == pytest.approx(
            found.log_likelihood, abs=1e-6
        )


@needs_data
def test_a_week_is_seven_days_not_a_calendar_week(sample):
    """Counted in calendar weeks the same file gives r 0.291 and alpha 6.85."""
    frame, _, summary = sample
    wrong = fit_bgnbd(calendar_weeks(frame)).fit
    assert (wrong["r"], wrong["alpha"]) == pytest.approx((0.291, 6.85), abs=0.005)
    assert fit_bgnbd(summary).fit["r"] == pytest.approx(0.243, abs=0.0005)


@needs_data
def test_money_is_summed_by_day_in_both_periods(sample):
    """By rows the means differ, before and after the cut; the holdout must not be counted in rows either."""
    frame, days, summary = sample
    by_rows = summary_of_rows(frame, summary)
    assert fit_gamma_gamma(by_rows).mean < fit_gamma_gamma(summary).mean
    orders, money = follow(days, summary.customer, END, END + HORIZON)
    later = frame[frame["date"].to_numpy().astype("datetime64[D]").astype(int) > END]
    assert orders.sum() == later.groupby(["customer_id", "date"]).ngroups < len(later)
    assert money.sum() == pytest.approx(later["dollars"].sum())


@needs_data
def test_all_customers_are_fitted_and_those_without_money_counted():
    frame = load_cdnow_master()
    summary = summarise(purchase_days(frame["customer_id"], frame["date"], frame["dollars"]), END)
    assert len(summary) == 23_570
    # Pareto/NBD's author found the same r and alpha on the sample; the whole file lies within its interval.
    r = committed("cdnow_value")["fits"]["BG/NBD"]
    assert fit_bgnbd(summary).fit["r"] == pytest.approx(r["values"][0], abs=3 * r["standard_errors"][0])


def test_the_committed_traps_and_silences():
    found = committed("cdnow_value")
    assert found["repeaters"] == 946
    assert found["traps"]["repeaters_by_rows"] == 959
    says = {model: [row[model] for row in found["silent"]] for model in ("BG/NBD", "MBG/NBD", "Pareto/NBD")}
    assert says["BG/NBD"] == [1, 1, 1]
    assert says["MBG/NBD"] == pytest.approx([0.63, 0.39, 0.19], abs=0.005)
    assert says["Pareto/NBD"] == pytest.approx([0.95, 0.29, 0.04], abs=0.005)
    pareto = found["fits"]["Pareto/NBD"]
    assert pareto["values"] == pytest.approx([0.553, 10.578, 0.606, 11.669], abs=0.0006)
    assert pareto["log_likelihood"] == pytest.approx(-9595.0, abs=0.05)


def test_committed_intervals_of_simulated_customers_cover():
    """95% of 80 to 400 runs; a rate of leaving is skewed even in its logarithm and covers less."""
    for model, found in committed("customer_value_recovery").items():
        assert found["failed"] == 0
        columns = ("names", "coverage_low", "coverage_high", "median_ratio")
        for name, low, high, ratio in zip(*(found[column] for column in columns), strict=True):
            skewed = model == "Pareto/NBD" and name in ("s", "beta")
            assert high >= (0.90 if skewed else 0.95)
            assert low <= 0.97
            assert ratio == pytest.approx(1, abs=0.15 if skewed else 0.05)


def test_balanced_classes_spoil_probabilities_and_not_ranking_on_real_invoices():
    for found in committed("online_retail_churn")["horizons"].values():
        rows = {row["score"]: row for row in found["rows"]}
        for kind in ("logistic", "XGBoost"):
            plain = rows[f"{kind}, none"]
            for way in ("weights", "SMOTE"):
                other = rows[f"{kind}, {way}"]
                assert other["roc_auc"]["value"] == pytest.approx(plain["roc_auc"]["value"], abs=0.01)
                assert other["calibration_error"] > plain["calibration_error"]
                assert abs(other["mean"] - 0.5) < abs(plain["mean"] - 0.5)


def test_the_watch_of_leaving_keeps_its_level():
    rotated = committed("online_retail_churn")["watch"]["rotated"]
    # 5% accepted; 99.9% of binomial counts of 60 lie at or below 9.
    assert rotated["runs"] == 60
    assert max(rotated["psi"], rotated["gap"]) <= 9
