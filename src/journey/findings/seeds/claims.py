"""What the pages say of the default shop, each as a predicate on the headline numbers of any shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from journey.errors import JourneyError

#: A tenth of the budget: less would be a rule worth following.
MUCH = 0.1
#: The free gain of helping everyone counts as all of the model's when it reaches this share.
NEARLY_ALL = 0.95
ALARM, SURE_ALARM = 0.01, 0.001
LEVEL = 0.05
ADJUSTED = ("regression", "matching", "weighting", "doubly_robust")
LEARNED = ("als", "pairs", "hybrid")


@dataclass(frozen=True)
class Shop:
    """Headline numbers of one shop: id -> fields of the ledger."""

    numbers: Mapping[str, Mapping[str, Any]]

    def _field(self, id: str, field: str) -> Any:
        try:
            return self.numbers[id][field]
        except KeyError:
            raise JourneyError(
                f"other seeds: {id!r} has no {field}; keep it in pipeline/other_seeds.py and compute again"
            ) from None

    def word(self, id: str) -> str:
        """A number that is a text."""
        return str(self._field(id, "value"))

    def value(self, id: str) -> float:
        """A number."""
        return float(self._field(id, "value"))

    def low(self, id: str) -> float:
        """Lower end of its interval."""
        return float(self._field(id, "low"))

    def high(self, id: str) -> float:
        """Upper end of its interval."""
        return float(self._field(id, "high"))

    def contains(self, id: str, other: float) -> bool:
        """Whether the interval holds a value."""
        return self.low(id) <= other <= self.high(id)


@dataclass(frozen=True)
class Claim:
    """A sentence of a page.

    Attributes
    ----------
    page
        Where it is said.
    name
        Part of a number's id.
    says
        The claim in words.
    holds
        Whether it is true of a shop.
    """

    page: str
    name: str
    says: str
    holds: Callable[[Shop], bool]


coupons, shipping, channels, prediction, lists, funnel = (
    partial(Claim, page)
    for page in ("Coupons", "Free shipping", "Channels", "Prediction", "Recommendations", "Funnel")
)

CLAIMS = (
    funnel(
        "largest_loss",
        "The costliest loss after the cart is the step from cart to checkout",
        lambda shop: shop.word("funnel.top_overall_step") == "cart to checkout",
    ),
    funnel(
        "worst_device",
        "Fewest carts reach the checkout on mobile, most on desktop",
        lambda shop: (
            (shop.word("funnel.worst_device"), shop.word("funnel.best_device")) == ("mobile", "desktop")
        ),
    ),
    coupons(
        "naive_too_high",
        "The whole interval of the plain comparison lies above the truth",
        lambda shop: shop.low("causal.naive") > shop.value("causal.truth"),
    ),
    coupons(
        "robust_holds_truth",
        "The doubly robust interval holds the truth",
        lambda shop: shop.contains("causal.doubly_robust", shop.value("causal.truth")),
    ),
    coupons(
        "all_hold_truth",
        "The intervals of all adjusting methods hold the truth",
        lambda shop: shop.value("causal.covering") == shop.value("causal.adjusted"),
    ),
    coupons(
        "adjusted_above",
        "Every adjusted estimate lies above the truth",
        lambda shop: min(shop.value(f"causal.{name}") for name in ADJUSTED) > shop.value("causal.truth"),
    ),
    coupons(
        "coupons_lose",
        "In truth the coupons cost more margin than they bring",
        lambda shop: shop.value("causal.true_margin") < 0,
    ),
    coupons(
        "robust_says_stop",
        "The doubly robust estimate says: stop the coupons",
        lambda shop: shop.value("causal.promised_doubly_robust") < 0,
    ),
    coupons(
        "naive_promises_gain",
        "The plain comparison promises a gain, with its whole interval",
        lambda shop: shop.low("causal.promised_naive") > 0,
    ),
    coupons(
        "stop_unsure",
        "The interval of what stopping saves contains zero",
        lambda shop: shop.contains("causal.promised_doubly_robust", 0.0),
    ),
    shipping(
        "more_buy",
        "In the experiment more users buy with free shipping",
        lambda shop: shop.value("experiments.conversion") > 0,
    ),
    shipping(
        "conversion_open",
        "The interval of the effect on buyers contains zero",
        lambda shop: shop.contains("experiments.conversion", 0.0),
    ),
    shipping(
        "conversion_holds_truth",
        "The interval of the effect on buyers holds the truth",
        lambda shop: shop.contains("experiments.conversion", shop.value("experiments.conversion_truth")),
    ),
    shipping(
        "margin_open",
        "The interval of the effect on margin contains zero",
        lambda shop: shop.contains("experiments.margin", 0.0),
    ),
    shipping(
        "near_break_even",
        "In truth free shipping for everyone is near break-even: its true profit may be zero",
        lambda shop: shop.contains("uplift.true_profit_everybody", 0.0),
    ),
    shipping(
        "broken_caught",
        "The broken experiment fails the check of its group sizes, the sound one passes",
        lambda shop: (
            shop.value("experiments.broken_banner_ratio_p") < SURE_ALARM
            and shop.value("experiments.free_shipping_ratio_p") > ALARM
        ),
    ),
    shipping(
        "same_is_same",
        "The experiment that changes nothing shows nothing",
        lambda shop: shop.value("experiments.checkout_aa_conversion_p") > LEVEL,
    ),
    shipping(
        "ranking_unproven",
        "The uplift ranking fixed beforehand is not distinguishable from chance",
        lambda shop: shop.contains("uplift.qini", 0.0),
    ),
    shipping(
        "likeliest_worse",
        "In truth the likeliest buyers are a worse choice than the uplift ranking",
        lambda shop: (
            shop.value("uplift.true_profit_likeliest_buyers")
            < shop.value("uplift.true_profit_uplift_ranking")
        ),
    ),
    shipping(
        "ranking_better",
        "In truth the uplift ranking is worth more than treating everybody",
        lambda shop: (
            shop.value("uplift.true_profit_uplift_ranking") > shop.value("uplift.true_profit_everybody")
        ),
    ),
    channels(
        "no_rule_right",
        "Every attribution rule misplaces more than a tenth of a budget",
        lambda shop: (
            min(
                number["value"]
                for id, number in shop.numbers.items()
                if id.startswith("journeys.wrong_share_")
            )
            > MUCH
        ),
    ),
    channels(
        "markov_above_last",
        "The Markov rule misplaces more of a budget than last touch",
        lambda shop: (
            shop.value("journeys.wrong_share_markov") > shop.value("journeys.wrong_share_last_touch")
        ),
    ),
    channels(
        "markov_worst",
        "No rule misplaces more than the Markov rule",
        lambda shop: shop.word("journeys.worst_rule") == "Markov removal effect",
    ),
    channels(
        "last_touch_best",
        "No rule misplaces less than last touch",
        lambda shop: shop.word("journeys.best_rule") == "last touch",
    ),
    channels(
        "email_starved",
        "Last touch gives affiliates most too much and e-mail most too little",
        lambda shop: (
            (shop.word("journeys.overpaid_channel"), shop.word("journeys.starved_channel"))
            == ("affiliate", "email")
        ),
    ),
    prediction(
        "model_beats_rule",
        "After three events the model ranks better than \u201cbought before\u201d, beyond its interval",
        lambda shop: shop.low("prediction.third_chosen_over_rule_roc_auc") > 0,
    ),
    prediction(
        "score_pays",
        "Helping by the score after three events pays, beyond its interval",
        lambda shop: shop.low("prediction.third_value") > 0,
    ),
    prediction(
        "score_over_rule",
        "After three events the score is worth more than the rule",
        lambda shop: shop.value("prediction.third_value_over_rule") > 0,
    ),
    prediction(
        "score_over_all",
        "After three events the score is worth more than helping everybody, beyond its interval",
        lambda shop: shop.low("prediction.third_value_over_all") > 0,
    ),
    prediction(
        "cart_over_third",
        "Waiting for the first cart is worth more than acting after three events",
        lambda shop: shop.value("prediction.cart_over_third") > 0,
    ),
    prediction(
        "cart_needs_no_model",
        "At the cart, helping everyone brings nearly all that the model brings",
        lambda shop: (
            shop.value("prediction.cart_value_of_all") >= NEARLY_ALL * shop.value("prediction.cart_value")
        ),
    ),
    lists(
        "learned_beat_popularity",
        "Every learned list beats popularity, beyond its interval",
        lambda shop: min(shop.low(f"recommend.gain_{name}") for name in LEARNED) > 0,
    ),
    lists(
        "few_contacts_open",
        "For visitors with fewer than ten contacts the gain of ALS over popularity is not proven",
        lambda shop: shop.contains("recommend.history_gain_1", 0.0),
    ),
    lists(
        "many_contacts_gain",
        "For visitors with thirty contacts or more it is proven",
        lambda shop: min(shop.low(f"recommend.history_gain_{least}") for least in (30, 100)) > 0,
    ),
    lists(
        "hybrid_most",
        "Of all lists the hybrid finds the most",
        lambda shop: (
            shop.value("recommend.recall_hybrid")
            >= max(shop.value(f"recommend.recall_{name}") for name in (*LEARNED, "item_item", "category"))
        ),
    ),
    lists(
        "hybrid_open",
        "The hybrid\u2019s lead over ALS by NDCG is not settled",
        lambda shop: shop.contains("recommend.hybrid_over_als_ndcg", 0.0),
    ),
    lists(
        "purchase_model_open",
        "The purchase model is not proven to improve the hybrid\u2019s NDCG",
        lambda shop: shop.contains("recommend.hybrid_over_hybrid_without_ndcg", 0.0),
    ),
)
