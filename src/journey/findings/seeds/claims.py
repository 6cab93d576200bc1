"""What the pages say of the default shop, each as a predicate on the headline numbers of any shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    name
        Part of a number's id.
    page
        Where it is said.
    says
        The claim in words.
    holds
        Whether it is true of a shop.
    """

    name: str
    page: str
    says: str
    holds: Callable[[Shop], bool]


COUPONS, SHIPPING, CHANNELS = "Coupons", "Free shipping", "Channels"
PREDICTION, LISTS, FUNNEL = "Prediction", "Recommendations", "Funnel"

CLAIMS = (
    Claim(
        "largest_loss",
        FUNNEL,
        "The costliest loss after the cart is the step from cart to checkout",
        lambda shop: shop.word("funnel.top_overall_step") == "cart to checkout",
    ),
    Claim(
        "worst_device",
        FUNNEL,
        "Fewest carts reach the checkout on mobile, most on desktop",
        lambda shop: (
            (shop.word("funnel.worst_device"), shop.word("funnel.best_device")) == ("mobile", "desktop")
        ),
    ),
    Claim(
        "naive_too_high",
        COUPONS,
        "The whole interval of the plain comparison lies above the truth",
        lambda shop: shop.low("causal.naive") > shop.value("causal.truth"),
    ),
    Claim(
        "robust_holds_truth",
        COUPONS,
        "The doubly robust interval holds the truth",
        lambda shop: shop.contains("causal.doubly_robust", shop.value("causal.truth")),
    ),
    Claim(
        "all_hold_truth",
        COUPONS,
        "The intervals of all adjusting methods hold the truth",
        lambda shop: shop.value("causal.covering") == shop.value("causal.adjusted"),
    ),
    Claim(
        "adjusted_above",
        COUPONS,
        "Every adjusted estimate lies above the truth",
        lambda shop: min(shop.value(f"causal.{name}") for name in ADJUSTED) > shop.value("causal.truth"),
    ),
    Claim(
        "coupons_lose",
        COUPONS,
        "In truth the coupons cost more margin than they bring",
        lambda shop: shop.value("causal.true_margin") < 0,
    ),
    Claim(
        "robust_says_stop",
        COUPONS,
        "The doubly robust estimate says: stop the coupons",
        lambda shop: shop.value("causal.promised_doubly_robust") < 0,
    ),
    Claim(
        "naive_promises_gain",
        COUPONS,
        "The plain comparison promises a gain, with its whole interval",
        lambda shop: shop.low("causal.promised_naive") > 0,
    ),
    Claim(
        "stop_unsure",
        COUPONS,
        "The interval of what stopping saves contains zero",
        lambda shop: shop.contains("causal.promised_doubly_robust", 0.0),
    ),
    Claim(
        "more_buy",
        SHIPPING,
        "In the experiment more users buy with free shipping",
        lambda shop: shop.value("experiments.conversion") > 0,
    ),
    Claim(
        "conversion_open",
        SHIPPING,
        "The interval of the effect on buyers contains zero",
        lambda shop: shop.contains("experiments.conversion", 0.0),
    ),
    Claim(
        "conversion_holds_truth",
        SHIPPING,
        "The interval of the effect on buyers holds the truth",
        lambda shop: shop.contains("experiments.conversion", shop.value("experiments.conversion_truth")),
    ),
    Claim(
        "margin_open",
        SHIPPING,
        "The interval of the effect on margin contains zero",
        lambda shop: shop.contains("experiments.margin", 0.0),
    ),
    Claim(
        "near_break_even",
        SHIPPING,
        "In truth free shipping for everyone is near break-even: its true profit may be zero",
        lambda shop: shop.contains("uplift.true_profit_everybody", 0.0),
    ),
    Claim(
        "broken_caught",
        SHIPPING,
        "The broken experiment fails the check of its group sizes, the sound one passes",
        lambda shop: (
            shop.value("experiments.broken_banner_ratio_p") < SURE_ALARM
            and shop.value("experiments.free_shipping_ratio_p") > ALARM
        ),
    ),
    Claim(
        "same_is_same",
        SHIPPING,
        "The experiment that changes nothing shows nothing",
        lambda shop: shop.value("experiments.checkout_aa_conversion_p") > LEVEL,
    ),
    Claim(
        "ranking_unproven",
        SHIPPING,
        "The uplift ranking fixed beforehand is not distinguishable from chance",
        lambda shop: shop.contains("uplift.qini", 0.0),
    ),
    Claim(
        "likeliest_worse",
        SHIPPING,
        "In truth the likeliest buyers are a worse choice than the uplift ranking",
        lambda shop: (
            shop.value("uplift.true_profit_likeliest_buyers")
            < shop.value("uplift.true_profit_uplift_ranking")
        ),
    ),
    Claim(
        "ranking_better",
        SHIPPING,
        "In truth the uplift ranking is worth more than treating everybody",
        lambda shop: (
            shop.value("uplift.true_profit_uplift_ranking") > shop.value("uplift.true_profit_everybody")
        ),
    ),
    Claim(
        "no_rule_right",
        CHANNELS,
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
    Claim(
        "markov_above_last",
        CHANNELS,
        "The Markov rule misplaces more of a budget than last touch",
        lambda shop: (
            shop.value("journeys.wrong_share_markov") > shop.value("journeys.wrong_share_last_touch")
        ),
    ),
    Claim(
        "markov_worst",
        CHANNELS,
        "No rule misplaces more than the Markov rule",
        lambda shop: shop.word("journeys.worst_rule") == "Markov removal effect",
    ),
    Claim(
        "last_touch_best",
        CHANNELS,
        "No rule misplaces less than last touch",
        lambda shop: shop.word("journeys.best_rule") == "last touch",
    ),
    Claim(
        "email_starved",
        CHANNELS,
        "Last touch gives affiliates most too much and e-mail most too little",
        lambda shop: (
            (shop.word("journeys.overpaid_channel"), shop.word("journeys.starved_channel"))
            == ("affiliate", "email")
        ),
    ),
    Claim(
        "model_beats_rule",
        PREDICTION,
        "After three events the model ranks better than \u201cbought before\u201d, their intervals apart",
        lambda shop: (
            shop.low("prediction.third_roc_auc") > shop.high("prediction.third_bought_before_roc_auc")
        ),
    ),
    Claim(
        "score_pays",
        PREDICTION,
        "Helping by the score after three events pays, beyond its interval",
        lambda shop: shop.low("prediction.third_value") > 0,
    ),
    Claim(
        "score_over_rule",
        PREDICTION,
        "After three events the score is worth more than the rule",
        lambda shop: shop.value("prediction.third_value_over_rule") > 0,
    ),
    Claim(
        "score_over_all",
        PREDICTION,
        "After three events the score is worth more than helping everybody, beyond its interval",
        lambda shop: shop.low("prediction.third_value_over_all") > 0,
    ),
    Claim(
        "cart_over_third",
        PREDICTION,
        "Waiting for the first cart is worth more than acting after three events",
        lambda shop: shop.value("prediction.cart_over_third") > 0,
    ),
    Claim(
        "cart_needs_no_model",
        PREDICTION,
        "At the cart, helping everyone brings nearly all that the model brings",
        lambda shop: (
            shop.value("prediction.cart_value_of_all") >= NEARLY_ALL * shop.value("prediction.cart_value")
        ),
    ),
    Claim(
        "learned_beat_popularity",
        LISTS,
        "Every learned list beats popularity, beyond its interval",
        lambda shop: min(shop.low(f"recommend.gain_{name}") for name in LEARNED) > 0,
    ),
    Claim(
        "few_contacts_open",
        LISTS,
        "For visitors with fewer than ten contacts the gain of ALS over popularity is not proven",
        lambda shop: shop.contains("recommend.history_gain_1", 0.0),
    ),
    Claim(
        "many_contacts_gain",
        LISTS,
        "For visitors with thirty contacts or more it is proven",
        lambda shop: min(shop.low(f"recommend.history_gain_{least}") for least in (30, 100)) > 0,
    ),
    Claim(
        "hybrid_most",
        LISTS,
        "Of all lists the hybrid finds the most",
        lambda shop: (
            shop.value("recommend.recall_hybrid")
            >= max(shop.value(f"recommend.recall_{name}") for name in (*LEARNED, "item_item", "category"))
        ),
    ),
    Claim(
        "hybrid_open",
        LISTS,
        "The hybrid\u2019s lead over ALS by NDCG is not settled",
        lambda shop: shop.contains("recommend.hybrid_over_als_ndcg", 0.0),
    ),
    Claim(
        "purchase_model_open",
        LISTS,
        "The purchase model is not proven to improve the hybrid\u2019s NDCG",
        lambda shop: shop.contains("recommend.hybrid_over_hybrid_without_ndcg", 0.0),
    ),
)
