"""How chapter 07 names its methods."""

METHOD_NAMES = {
    "popularity": "Most popular",
    "recent": "Popular in the last 7 days",
    "category": "Popular in the visitor's categories",
    "item_item": "Item-item cosine",
    "als": "ALS factors",
    "hybrid": "Hybrid",
    "bought_before": "Bought most often before",
    "oracle": "Oracle of tastes",
}


def in_sentence(method: str) -> str:
    """The name of a method within a sentence: no capital but that of an abbreviation."""
    name = METHOD_NAMES[method]
    return name if name[1].isupper() else name[0].lower() + name[1:]
