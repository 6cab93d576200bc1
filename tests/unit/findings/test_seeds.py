"""Other seeds: the claims as predicates, and the committed numbers against the build."""

import json
import math

import pytest

from journey.errors import JourneyError
from journey.findings.seeds.claims import CLAIMS, Shop
from journey.findings.seeds.collect import ERRORS, HEADLINES, claim_table
from journey.inference.intervals import student_interval
from journey.paths import project
from journey.pipeline.other_seeds import KEPT, SEEDS
from journey.report.ledger import Numbers

BY_NAME = {claim.name: claim for claim in CLAIMS}


def shop(**numbers):
    """`causal__naive=(0.05, 0.04, 0.06)`, or a value alone."""
    fields = ("value", "low", "high")
    return Shop(
        {
            id.replace("__", "."): dict(
                zip(fields, given if isinstance(given, tuple) else (given,), strict=False)
            )
            for id, given in numbers.items()
        }
    )


def rules(**shares):
    return {f"journeys__wrong_share_{name}": (share, share, share) for name, share in shares.items()}


CASES = [
    ("largest_loss", {"funnel__top_overall_step": "cart to checkout"}, True),
    ("largest_loss", {"funnel__top_overall_step": "checkout to purchase"}, False),
    ("worst_device", {"funnel__worst_device": "mobile", "funnel__best_device": "desktop"}, True),
    ("worst_device", {"funnel__worst_device": "tablet", "funnel__best_device": "desktop"}, False),
    ("naive_too_high", {"causal__naive": (0.05, 0.04, 0.06), "causal__truth": 0.03}, True),
    ("naive_too_high", {"causal__naive": (0.05, 0.02, 0.08), "causal__truth": 0.03}, False),
    ("robust_holds_truth", {"causal__doubly_robust": (0.02, 0.01, 0.03), "causal__truth": 0.01}, True),
    ("robust_holds_truth", {"causal__doubly_robust": (0.02, 0.01, 0.03), "causal__truth": 0.009}, False),
    ("all_hold_truth", {"causal__covering": 4.0, "causal__adjusted": 4.0}, True),
    ("all_hold_truth", {"causal__covering": 3.0, "causal__adjusted": 4.0}, False),
    (
        "adjusted_above",
        {f"causal__{name}": 0.02 for name in ("regression", "matching", "weighting", "doubly_robust")}
        | {"causal__truth": 0.01},
        True,
    ),
    (
        "adjusted_above",
        {f"causal__{name}": 0.02 for name in ("regression", "matching", "doubly_robust")}
        | {"causal__truth": 0.01, "causal__weighting": 0.009},
        False,
    ),
    ("coupons_lose", {"causal__true_margin": -1.0}, True),
    ("coupons_lose", {"causal__true_margin": 1.0}, False),
    ("robust_says_stop", {"causal__promised_doubly_robust": (-5.0, -9.0, 1.0)}, True),
    ("robust_says_stop", {"causal__promised_doubly_robust": (5.0, -9.0, 10.0)}, False),
    ("naive_promises_gain", {"causal__promised_naive": (5.0, 1.0, 9.0)}, True),
    ("naive_promises_gain", {"causal__promised_naive": (5.0, -1.0, 9.0)}, False),
    ("stop_unsure", {"causal__promised_doubly_robust": (-5.0, -9.0, 1.0)}, True),
    ("stop_unsure", {"causal__promised_doubly_robust": (-5.0, -9.0, -1.0)}, False),
    ("more_buy", {"experiments__conversion": (0.01, -0.01, 0.03)}, True),
    ("more_buy", {"experiments__conversion": (-0.01, -0.03, 0.01)}, False),
    ("conversion_open", {"experiments__conversion": (0.01, -0.01, 0.03)}, True),
    ("conversion_open", {"experiments__conversion": (0.02, 0.01, 0.03)}, False),
    (
        "conversion_holds_truth",
        {"experiments__conversion": (0.01, 0.0, 0.02), "experiments__conversion_truth": 0.015},
        True,
    ),
    (
        "conversion_holds_truth",
        {"experiments__conversion": (0.01, 0.0, 0.02), "experiments__conversion_truth": 0.021},
        False,
    ),
    ("margin_open", {"experiments__margin": (-0.2, -1.0, 0.9)}, True),
    ("margin_open", {"experiments__margin": (-1.2, -2.0, -0.1)}, False),
    ("near_break_even", {"uplift__true_profit_everybody": (1.0, -2.0, 4.0)}, True),
    ("near_break_even", {"uplift__true_profit_everybody": (-3.0, -5.0, -1.0)}, False),
    (
        "broken_caught",
        {"experiments__broken_banner_ratio_p": 1e-6, "experiments__free_shipping_ratio_p": 0.5},
        True,
    ),
    (
        "broken_caught",
        {"experiments__broken_banner_ratio_p": 1e-6, "experiments__free_shipping_ratio_p": 0.005},
        False,
    ),
    (
        "broken_caught",
        {"experiments__broken_banner_ratio_p": 0.2, "experiments__free_shipping_ratio_p": 0.5},
        False,
    ),
    ("same_is_same", {"experiments__checkout_aa_conversion_p": 0.06}, True),
    ("same_is_same", {"experiments__checkout_aa_conversion_p": 0.04}, False),
    ("ranking_unproven", {"uplift__qini": (0.1, -0.1, 0.3)}, True),
    ("ranking_unproven", {"uplift__qini": (0.2, 0.1, 0.3)}, False),
    (
        "likeliest_worse",
        {"uplift__true_profit_likeliest_buyers": -1.0, "uplift__true_profit_uplift_ranking": 1.0},
        True,
    ),
    (
        "likeliest_worse",
        {"uplift__true_profit_likeliest_buyers": 2.0, "uplift__true_profit_uplift_ranking": 1.0},
        False,
    ),
    (
        "ranking_better",
        {"uplift__true_profit_uplift_ranking": 2.5, "uplift__true_profit_everybody": 2.0},
        True,
    ),
    (
        "ranking_better",
        {"uplift__true_profit_uplift_ranking": 2.0, "uplift__true_profit_everybody": 2.0},
        False,
    ),
    ("no_rule_right", rules(last_touch=0.15, markov=0.2), True),
    ("no_rule_right", rules(last_touch=0.15, markov=0.08), False),
    ("markov_above_last", rules(last_touch=0.15, markov=0.2), True),
    ("markov_above_last", rules(last_touch=0.15, markov=0.1), False),
    ("markov_worst", {"journeys__worst_rule": "Markov removal effect"}, True),
    ("markov_worst", {"journeys__worst_rule": "first touch"}, False),
    ("last_touch_best", {"journeys__best_rule": "last touch"}, True),
    ("last_touch_best", {"journeys__best_rule": "linear"}, False),
    (
        "email_starved",
        {"journeys__overpaid_channel": "affiliate", "journeys__starved_channel": "email"},
        True,
    ),
    ("email_starved", {"journeys__overpaid_channel": "social", "journeys__starved_channel": "email"}, False),
    ("model_beats_rule", {"prediction__third_chosen_over_rule_roc_auc": (0.1, 0.02, 0.18)}, True),
    ("model_beats_rule", {"prediction__third_chosen_over_rule_roc_auc": (0.1, -0.01, 0.21)}, False),
    ("score_pays", {"prediction__third_value": (300.0, 190.0, 410.0)}, True),
    ("score_pays", {"prediction__third_value": (300.0, -1.0, 410.0)}, False),
    ("score_over_rule", {"prediction__third_value_over_rule": (50.0, -10.0, 110.0)}, True),
    ("score_over_rule", {"prediction__third_value_over_rule": (-50.0, -90.0, 10.0)}, False),
    ("score_over_all", {"prediction__third_value_over_all": (50.0, 10.0, 110.0)}, True),
    ("score_over_all", {"prediction__third_value_over_all": (50.0, -10.0, 110.0)}, False),
    ("few_contacts_open", {"recommend__history_gain_1": (0.1, -0.2, 0.7)}, True),
    ("few_contacts_open", {"recommend__history_gain_1": (0.4, 0.1, 0.7)}, False),
    (
        "many_contacts_gain",
        {"recommend__history_gain_30": (0.9, 0.5, 1.5), "recommend__history_gain_100": (0.8, 0.4, 1.3)},
        True,
    ),
    (
        "many_contacts_gain",
        {"recommend__history_gain_30": (0.9, 0.5, 1.5), "recommend__history_gain_100": (0.8, -0.1, 1.3)},
        False,
    ),
    ("cart_over_third", {"prediction__cart_over_third": (200.0, 100.0, 300.0)}, True),
    ("cart_over_third", {"prediction__cart_over_third": (-2.0, -100.0, 300.0)}, False),
    ("cart_needs_no_model", {"prediction__cart_value_of_all": 96.0, "prediction__cart_value": 100.0}, True),
    ("cart_needs_no_model", {"prediction__cart_value_of_all": 90.0, "prediction__cart_value": 100.0}, False),
    (
        "learned_beat_popularity",
        {f"recommend__gain_{name}": (0.5, 0.3, 0.8) for name in ("als", "pairs", "hybrid")},
        True,
    ),
    (
        "learned_beat_popularity",
        {f"recommend__gain_{name}": (0.5, 0.3, 0.8) for name in ("als", "hybrid")}
        | {"recommend__gain_pairs": (0.1, -0.1, 0.3)},
        False,
    ),
    ("hybrid_open", {"recommend__hybrid_over_als_ndcg": (0.05, -0.02, 0.12)}, True),
    ("hybrid_open", {"recommend__hybrid_over_als_ndcg": (0.05, 0.01, 0.12)}, False),
    ("purchase_model_open", {"recommend__hybrid_over_hybrid_without_ndcg": (0.0, -0.1, 0.1)}, True),
    ("purchase_model_open", {"recommend__hybrid_over_hybrid_without_ndcg": (0.1, 0.02, 0.2)}, False),
    (
        "hybrid_most",
        {f"recommend__recall_{name}": 0.2 for name in ("als", "pairs", "item_item", "category", "hybrid")},
        True,
    ),
    (
        "hybrid_most",
        {f"recommend__recall_{name}": 0.2 for name in ("als", "pairs", "item_item", "hybrid")}
        | {"recommend__recall_category": 0.21},
        False,
    ),
]


@pytest.mark.parametrize(("name", "numbers", "expected"), CASES, ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_a_claim_on_numbers_made_by_hand(name, numbers, expected):
    assert BY_NAME[name].holds(shop(**numbers)) is expected


def test_every_claim_was_tried_both_ways():
    assert {(name, verdict) for name, _, verdict in CASES} == {
        (claim.name, verdict) for claim in CLAIMS for verdict in (True, False)
    }


def test_claims_are_counted_and_the_weakest_comes_first():
    claims = (BY_NAME["near_break_even"], BY_NAME["coupons_lose"])
    shops = {
        "7": shop(uplift__true_profit_everybody=(1.0, -1.0, 3.0), causal__true_margin=-1.0),
        "8": shop(uplift__true_profit_everybody=(1.0, -1.0, 3.0), causal__true_margin=2.0),
    }
    found = claim_table(shops, claims)
    assert found["name"].tolist() == ["coupons_lose", "near_break_even"]
    assert found["of"].tolist() == ["1 of 2", "2 of 2"]
    assert found["fails"].tolist() == ["8", "\u2013"]
    assert found[["seed_7", "seed_8"]].to_numpy().tolist() == [[True, False], [True, True]]


def test_a_number_that_is_not_kept_is_one_clear_sentence():
    with pytest.raises(JourneyError, match=r"causal\.true_margin"):
        BY_NAME["coupons_lose"].holds(shop(causal__truth=0.1))


@pytest.fixture(scope="module")
def committed():
    path = project().evidence / "other_seeds.json"
    return json.loads(path.read_text(encoding="utf-8"))["results"]


def test_every_shop_has_every_number_and_no_two_shops_are_one(committed):
    kept = {f"{chapter}.{name}" for chapter, names in KEPT.items() for name in names}
    assert sorted(map(int, committed)) == sorted(SEEDS)
    assert all(set(numbers) == kept for numbers in committed.values())
    assert {id for _, id, _ in HEADLINES} <= kept
    assert len({numbers["funnel.conversion_rate"]["value"] for numbers in committed.values()}) == len(SEEDS)


@pytest.mark.parametrize("chapter", KEPT)
def test_the_first_shop_is_the_one_of_the_build(chapter, committed):
    # Otherwise the other shops are out of date too.
    if not project().numbers.is_file():
        pytest.fail("numbers.json is missing: run `make site` first")
    built = {number.id: number for number in Numbers(project().numbers)}
    stale = []
    for name in KEPT[chapter]:
        id = f"{chapter}.{name}"
        kept, now = committed[str(SEEDS[0])][id], built[id]
        for field in ("value", "low", "high"):
            was, is_now = kept.get(field), getattr(now, field)
            if isinstance(was, float) and isinstance(is_now, float):
                same = math.isclose(was, is_now, rel_tol=1e-6, abs_tol=1e-9)
            else:
                same = was == is_now
            if not same:
                stale.append(f"{id} {field}: {was} is now {is_now}")
    assert stale == []


def test_every_claim_holds_for_the_shop_that_the_pages_show(committed):
    first = Shop(committed[str(SEEDS[0])])
    assert [claim.says for claim in CLAIMS if not claim.holds(first)] == []


def test_what_the_page_says_in_words_is_so(committed):
    # Headings and sentences without a number of their own.
    shops = [Shop(numbers) for numbers in committed.values()]
    held = {claim.name: [claim.holds(each) for each in shops] for claim in CLAIMS}
    for name in ("naive_too_high", "near_break_even", "markov_worst", "markov_above_last"):
        assert all(held[name]), name
    for name in ("conversion_open", "last_touch_best", "hybrid_open"):
        assert not all(held[name]), name
    assert sum(held["margin_open"]) > len(shops) / 2
    assert all(each.value("causal.doubly_robust") > each.value("causal.truth") for each in shops)
    # One interval lies below zero although that ranking is better than chance; the first shop is a lucky one.
    assert [each.value("uplift.captured") > 0 for each in shops if each.high("uplift.qini") < 0] == [True]
    captured = [each.value("uplift.captured") for each in shops]
    first = Shop(committed[str(SEEDS[0])]).value("uplift.captured")
    assert first > sorted(captured)[len(captured) // 2]
    errors = {
        name: student_interval([each.value(estimate) - each.value(truth) for each in shops])
        for name, (_, estimate, truth) in ERRORS.items()
    }
    assert errors["robust"].low > 0
    assert errors["robust"].value < errors["plain"].value / 2
    assert errors["experiment"].low < 0 < errors["experiment"].high
    leads = "recommend.hybrid_over_als_ndcg"
    assert any(each.low(leads) > 0 for each in shops)
    assert any(each.high(leads) < 0 for each in shops)
    truths = [each.value("experiments.conversion_truth") for each in shops]
    measured = [each.value("experiments.conversion") for each in shops]
    assert max(truths) - min(truths) < (max(measured) - min(measured)) / 10
