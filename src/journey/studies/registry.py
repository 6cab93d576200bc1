"""Every committed result: what it answers, how it is computed, on what it depends (`journey study`)."""

from __future__ import annotations

import json
from dataclasses import replace

from journey.errors import JourneyError
from journey.paths import Paths, project
from journey.studies.evidence import Evidence, check_part, evidence
from journey.studies.study import Study, named_function


def _chapter(*names: str) -> tuple[str, ...]:
    return tuple(f"journey.findings.{name}.collect:collect" for name in names)


STUDIES = {
    study.name: study
    for study in (
        Study(
            "asos_peeking",
            "How often do daily looks at real experiments find an effect that is gone at the end?",
            "journey.studies.asos:replay_asos",
            datasets=("asos",),
            in_build=True,
        ),
        Study(
            "attainable_ceiling",
            "How well do the same models predict when they learn from many times the users?",
            "journey.studies.ceiling_run:attainable",
            simulates=True,
            tolerance=1e-3,
        ),
        Study(
            "birth_weights",
            "Do the causal estimators find what others print for smoking and birth weight?",
            "journey.studies.births:committed_effects",
        ),
        Study(
            "boosting_comparison",
            "Does another boosting library predict better than XGBoost on the same rows?",
            "journey.studies.boosting_comparison:compare_libraries",
            simulates=True,
            tolerance=0.005,
            libraries=("lightgbm", "catboost"),
            extra="boosting",
        ),
        Study(
            "consumer_behavior_audit",
            "Can anything in the named Kaggle set predict a purchase?",
            "journey.studies.consumer_behavior:audit_consumer_behavior",
            datasets=("consumer_behavior",),
            loader="load_consumer_behavior",
            in_build=True,
            tolerance={"areas": 0.03, "permutation": 0.05},
        ),
        Study(
            "cookie_cats",
            "Did moving the gate of a game keep its players, and was the test sound?",
            "journey.studies.public_tests:cookie_cats",
            datasets=("cookie_cats",),
            loader="load_cookie_cats",
            in_build=True,
        ),
        Study(
            "cdnow_fit_speed",
            "How long do both fits of customer value take, and how long in other libraries?",
            "journey.studies.fit_speed.study:measure_fits",
            datasets=("cdnow_master",),
            beside=("journey.studies.fit_speed.ways:main",),
        ),
        Study(
            "cdnow_value",
            "What are CDNOW's customers worth, by the models with published parameters?",
            "journey.studies.customer_value.cdnow:describe_cdnow",
            datasets=("cdnow_sample", "cdnow_master"),
            in_build=True,
            tolerance=1e-4,
        ),
        Study(
            "coupon_bias",
            "Where does the bias of the coupon's estimated effect come from?",
            "journey.studies.coupon_bias:coupon_bias",
            simulates=True,
            tolerance=1e-4,
        ),
        Study(
            "customer_value_recovery",
            "Do the models of customer value find the parameters that made the customers?",
            "journey.studies.customer_value.recovery:recover",
        ),
        Study(
            "drift_twins",
            "Do the alarms of the drift monitor come from what was planted?",
            "journey.studies.drift_twins:drift_twins",
            simulates=True,
        ),
        Study(
            "ecom_log",
            "Does a log that is not ours come in by its own proposal, and is it counted right?",
            "journey.studies.ecom_log:import_ecom",
            simulates=True,
            libraries=("retentioneering",),
            extra="ecom",
            made_from="a log in the package retentioneering",
        ),
        Study(
            "eshop_clothing_paths",
            "Which paths do visitors of a real clothing shop take?",
            "journey.studies.eshop_clothing:describe_clickstream",
            datasets=("eshop_clothing",),
            loader="load_eshop_clothing",
            in_build=True,
        ),
        Study(
            "experiment_simulations",
            "Does every method of the experiment engine keep its promise in simulations?",
            "journey.studies.experiment_proof.study:run_proof",
        ),
        Study(
            "hillstrom_uplift",
            "Whom did two real mailings persuade, and can that be told in advance?",
            "journey.studies.hillstrom:hillstrom_uplift",
            datasets=("hillstrom",),
            loader="load_hillstrom",
            in_build=True,
            tolerance=1e-3,
        ),
        Study(
            "landing_page",
            "Did a new landing page sell more?",
            "journey.studies.public_tests:landing_page",
            datasets=("landing_page",),
            loader="load_landing_page",
            in_build=True,
        ),
        Study(
            "online_retail_churn",
            "How well can it be told who stops buying, and what do unequal classes need?",
            "journey.studies.customer_value.churn:describe_retail_churn",
            datasets=("online_retail",),
            loader="load_online_retail",
            tolerance=1e-2,
        ),
        Study(
            "online_retail_recommendations",
            "Which list holds what customers of a real shop buy next?",
            "journey.studies.online_retail.baskets:retail_study",
            datasets=("online_retail",),
            loader="load_online_retail",
            in_build=True,
            tolerance=1e-3,
        ),
        Study(
            "online_retail_segments",
            "Who are the customers of a real shop, and how long does a segment's name last?",
            "journey.studies.retail_segments:retail_segments",
            datasets=("online_retail",),
            loader="load_online_retail",
            in_build=True,
        ),
        Study(
            "online_retail_sparse",
            "How far does prediction reach on real invoices, from the order to the product?",
            "journey.studies.online_retail.study:real_ladder",
            datasets=("online_retail",),
            tolerance=1e-2,
        ),
        Study(
            "online_retail_value",
            "How well is the spend of each customer of a real shop foretold?",
            "journey.studies.customer_value.retail:describe_retail_value",
            datasets=("online_retail",),
            loader="load_online_retail",
            tolerance=1e-3,
        ),
        Study(
            "online_shoppers",
            "How well are purchases of a real site predicted, with and without page values?",
            "journey.studies.shoppers:describe_shoppers",
            datasets=("online_shoppers",),
            loader="load_online_shoppers",
            in_build=True,
            # Another release of the boosting library may grow slightly different trees.
            tolerance=0.02,
        ),
        Study(
            "online_shoppers_tuning",
            "How near do tuned models come to the best credible published scores?",
            "journey.studies.shoppers_tuning:tune_shoppers",
            datasets=("online_shoppers",),
            loader="load_online_shoppers",
            tolerance=0.01,
        ),
        Study(
            "other_seeds",
            "Which findings hold in other shops of the same rules?",
            "journey.pipeline.other_seeds:other_seeds",
            simulates=True,
            beside=_chapter("funnel", "causal", "experiments", "journeys", "uplift", "recommend"),
        ),
        Study(
            "service_load",
            "How fast does the scoring service answer, beside what is claimed of such services?",
            "journey.studies.service_load.study:measure_service",
            simulates=True,
            beside=("journey.service.app:from_environment", "journey.service.serve:serve"),
            libraries=("fastapi", "uvicorn", "orjson", "prometheus_client"),
            extra="api",
        ),
        Study(
            "pages_measured",
            "What does each page weigh, how soon is it painted, does it move, can everybody use it?",
            "journey.studies.pages_measured:measure_pages",
            simulates=True,
            libraries=("playwright", "axe_playwright_python"),
            extra="test",
        ),
        Study(
            "site_build",
            "How long does the whole take from a clean clone, after little changed, and with all checks?",
            "journey.studies.site_build:build_site",
            simulates=True,
            made_from="a clean clone",
        ),
        Study(
            "event_scaling",
            "How long do sessions and features of 31 million events take, and how long would others take?",
            "journey.studies.scale.study:scale",
            simulates=True,
            libraries=("polars",),
            extra="bench",
        ),
        Study(
            "peer_speed",
            "How long do experiments, uplift, pages and the in-page scorer take here and elsewhere?",
            "journey.studies.peer_speed.study:measure_peers",
            simulates=True,
            beside=("journey.studies.peer_speed.ways:main",),
            libraries=("tea_tasting", "sklift", "nbconvert"),
            extra="bench",
        ),
        Study(
            "sequence_model",
            "When does reading the raw sequence of events predict better than features?",
            "journey.studies.sequence_model.study:sequence_model",
            simulates=True,
            tolerance=0.02,  # Another release of a library may learn slightly different weights.
            libraries=("torch",),
            extra="sequence",
            part="journey.studies.sequence_model.study:smaller_shops",
            part_says="all shops of up to 3,000 users",
        ),
        Study(
            "sparse_learning_curve",
            "How many users does it take to foresee which item a user buys?",
            "journey.studies.learning_curve:learning_curve",
            simulates=True,
            tolerance=1e-2,
            part="journey.studies.learning_curve:smaller_shops",
            part_says="all shops of up to 3,000 users",
        ),
        Study(
            "sql_systems",
            "Does the query library return the same values in PostgreSQL and Spark?",
            "journey.studies.sql_systems.study:sql_systems",
            simulates=True,
            libraries=("pyspark",),
            extra="spark",
        ),
        Study(
            "spark_engine",
            "Does Spark build the same warehouse from the same SQL, and how long does it take?",
            "journey.studies.spark_engine.study:spark_engine",
            simulates=True,
            libraries=("pyspark",),
            extra="spark",
        ),
        Study(
            "sql_mistakes",
            "How many mistakes in the SQL do the recounts notice?",
            "journey.studies.sql_mistakes:sql_mistakes",
            simulates=True,
            beside=("journey.studies.sql_mutants:mutants",),
            libraries=("pytest", "hypothesis", "statsmodels"),
            extra="test",
            whole_sql=True,
            part="journey.studies.sql_mistakes:basic_mistakes",
            part_says="the mistakes in basic queries",
        ),
        Study(
            "uplift_coverage",
            "How often do the intervals of uplift hold the truth?",
            "journey.studies.uplift_coverage:uplift_coverage",
            simulates=True,
            tolerance=1e-3,
            part="journey.studies.uplift_coverage:as_happened",
            part_says="the experiments as they happened",
        ),
    )
}


def known(name: str) -> Study:
    """A study by its name.

    Raises
    ------
    JourneyError
        When there is none of that name.
    """
    if name not in STUDIES:
        raise JourneyError(f"unknown study {name!r}; `journey study --list` names them all")
    return STUDIES[name]


def kept(name: str, paths: Paths | None = None, *, update: bool = False) -> Evidence:
    """The committed result of a study; computed again where its data are present and a build can."""
    root, study = paths or project(), known(name)
    found = evidence(
        name,
        study.datasets if study.in_build else None,
        lambda: study.compute(root),
        version=study.version(root),
        tolerance=study.tolerance,
        root=root,
        update=update,
    )
    return replace(found, made_from=study.made_from)


def stale(paths: Paths) -> list[str]:
    """Names of the committed results that an earlier code computed, or that are missing."""
    names = []
    for name, study in STUDIES.items():
        file = paths.evidence / f"{name}.json"
        committed = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        checked = committed.get("checked", {}).get("code_version")
        if study.version(paths) not in (committed.get("code_version"), checked):
            names.append(name)
    return names


def check_study(name: str, paths: Paths) -> str:
    """Compute a part of a long study again, and note in its file that it agrees; the part in words.

    Raises
    ------
    JourneyError
        For a study that has no part of its own, or when the part disagrees.
    """
    study = known(name)
    if study.part is None:
        raise JourneyError(f"study {name} has no part of its own: run `journey study {name}`")
    part = named_function(study.part)
    check_part(
        name,
        lambda: part(paths),
        study.part_says,
        version=study.version(paths),
        tolerance=study.tolerance,
        root=paths,
    )
    return study.part_says
