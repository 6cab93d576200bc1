"""What to show next: recommenders for implicit feedback, judged by what users choose later.

`task_at` splits a log by time, `choose_settings` tunes on a validation period, `all_scores` fits every
method, `compare` judges them with intervals over users.
"""

from journey.recommend.als import als_objective, fit_als
from journey.recommend.comparison import compare, ndcg_totals, popularity_groups, share_of_gain
from journey.recommend.period import ContactLog, Task, task_at, with_fewer_users
from journey.recommend.ranking import catalogue_coverage, item_hits, novelty, ranking_metrics, top_items
from journey.recommend.study import Grid, Settings, all_scores, choose_settings, personal_scores

__all__ = [
    "ContactLog",
    "Grid",
    "Settings",
    "Task",
    "all_scores",
    "als_objective",
    "catalogue_coverage",
    "choose_settings",
    "compare",
    "fit_als",
    "item_hits",
    "ndcg_totals",
    "novelty",
    "personal_scores",
    "popularity_groups",
    "ranking_metrics",
    "share_of_gain",
    "task_at",
    "top_items",
    "with_fewer_users",
]
