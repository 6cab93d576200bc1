"""How chapter 07 names its methods."""

from __future__ import annotations

from collections.abc import Mapping

METHOD_NAMES = {
    "popularity": "Most popular",
    "recent": "Popular in the last 7 days",
    "category": "Popular in the visitor's categories",
    "item_item": "Item-item cosine",
    "als": "ALS factors",
    "pairs": "Purchase model of pairs",
    "hybrid_without": "Hybrid without purchase model",
    "hybrid": "Hybrid",
    "bought_before": "Bought most often before",
    "oracle": "Oracle of tastes",
}

METRIC_NAMES = {"recall": "Recall", "ndcg": "NDCG", "reciprocal_rank": "Reciprocal rank"}

#: What a list of the purchase model knows besides the history at the cut.
TOLD_NAMES = {"even": "same odds for every visitor", "at_return": "told of the return"}


def in_sentence(method: str) -> str:
    """The name of a method within a sentence: no capital but that of an abbreviation."""
    name = METHOD_NAMES[method]
    return name if name[1].isupper() else name[0].lower() + name[1:]


def mix_text(mix: Mapping[str, float]) -> str:
    """Weights of a blend in words, without those of zero."""
    return ", ".join(f"{in_sentence(name)} {weight:.0%}" for name, weight in mix.items() if weight)
