"""Published results of causal estimators and of sensitivity analyses."""

from __future__ import annotations

from functools import partial

import numpy as np

from journey import causal as engine
from journey.published.entry import Allowance, KnownDifference, Published, Source, Values
from journey.published.evidence import committed
from journey.studies.births import NAME

TOPIC = "Causal"
entry = partial(Published, TOPIC)

STATA = Source(
    "Stata's teffects, in the tests of statsmodels",
    "https://github.com/statsmodels/statsmodels/blob/main/statsmodels/treatment/tests/results/results_teffects.py",
)
STATA_MATCHING = Source(
    "Stata's manual, teffects psmatch, example 1",
    "https://www.stata.com/manuals/causalteffectspsmatch.pdf",
    digits_read=False,
)
E_VALUE = Source(
    "VanderWeele and Ding (2017), Annals of Internal Medicine", "https://doi.org/10.7326/M16-2607"
)
E_VALUE_README = Source("EValue for R, README", "https://github.com/mayamathur/evalue_package")
BINARY_SENSITIVITY = Source(
    "Rosenbaum (2002), Observational Studies, page 112",
    "https://search.r-project.org/CRAN/refmans/rbounds/html/binarysens.html",
    digits_read=False,
)
RANK_SENSITIVITY = Source(
    "Rosenbaum (2002), Observational Studies, section 4.3.3",
    "https://search.r-project.org/CRAN/refmans/rbounds/html/psens.html",
    digits_read=False,
)

SAME_EQUATIONS = Allowance(1e-6, "the same equations, solved to another precision", relative=True)
INFORMATION = Allowance(
    5e-4, "Stata divides by n and takes observed information, ours by n − 1 and expected", relative=True
)

#: Hammond (1964): of 122 discordant pairs the heavy smoker died in 110.
SMOKER_ONLY, PARTNER_ONLY = 110, 12

#: Morton and others (1982), 33 pairs: blood lead of children whose fathers worked with lead, and of controls.
EXPOSED = (
    38,
    23,
    41,
    18,
    37,
    36,
    23,
    62,
    31,
    34,
    24,
    14,
    21,
    17,
    16,
    20,
    15,
    10,
    45,
    39,
    22,
    35,
    49,
    48,
    44,
    35,
    43,
    39,
    34,
    13,
    73,
    25,
    27,
)
UNEXPOSED = (
    16,
    18,
    18,
    24,
    19,
    11,
    10,
    15,
    16,
    18,
    18,
    13,
    19,
    10,
    16,
    16,
    24,
    13,
    9,
    14,
    21,
    19,
    7,
    18,
    19,
    12,
    11,
    22,
    25,
    16,
    13,
    11,
    13,
)


def _birth(method: str, part: str) -> Values:
    return float(committed(NAME)[method][part])


def _e_value(ratio: float, low: float, high: float) -> Values:
    found = engine.e_value(ratio, low, high)
    return found.point, np.nan if found.limit is None else found.limit


def lead_gap() -> np.ndarray:
    """Differences of the 33 pairs."""
    return np.array(EXPOSED) - np.array(UNEXPOSED)


#: Method, in words, estimate and standard error as printed.
STATA_EFFECTS = (
    ("regression ATE", "regression adjustment, everybody", "-239.63921146434", "23.82402100183"),
    ("regression ATT", "regression adjustment, smokers", "-223.30165083857", "22.742195167601"),
    ("weighting ATE", "inverse probability weighting, everybody", "-230.68863779526", "25.815243801554"),
    ("weighting ATT", "inverse probability weighting, smokers", "-225.17726054799", "23.664582726945"),
    ("augmented ATE", "doubly robust, everybody", "-230.98920111258", "26.210564625435"),
)


def _stata(method: str, name: str, estimate: str, error: str) -> tuple[Published, Published]:
    """An estimate and its standard error as Stata gives them."""
    id = method.lower().replace(" ", "_")
    return (
        entry(
            id,
            f"Smoking and birth weight, {name}, grams",
            STATA,
            (estimate,),
            partial(_birth, method, "estimate"),
            SAME_EQUATIONS,
        ),
        entry(
            f"{id}_error",
            f"Smoking and birth weight, {name}: standard error",
            STATA,
            (error,),
            partial(_birth, method, "standard_error"),
            INFORMATION,
            KnownDifference(
                "Stata counts the fitting of both models; ours takes the predictions as known, as with"
                " cross-fitting, and is smaller.",
                within=0.04,
            )
            if method.startswith("augmented")
            else None,
        ),
    )


ENTRIES = (
    *(each for row in STATA_EFFECTS for each in _stata(*row)),
    entry(
        "matching_ate",
        "Smoking and birth weight, matching, everybody, grams",
        STATA_MATCHING,
        ("-210.9683",),
        partial(_birth, "matching ATE", "estimate"),
    ),
    entry(
        "matching_ate_error",
        "Smoking and birth weight, matching, everybody: standard error",
        STATA_MATCHING,
        ("32.02",),
        partial(_birth, "matching ATE", "standard_error"),
        known=KnownDifference(
            "Stata estimates residual variances from two neighbours, ours from twenty; a test simulates the"
            " coverage of ours.",
            within=0.08,
        ),
    ),
    entry(
        "matching_att",
        "Smoking and birth weight, matching, smokers, grams",
        STATA_MATCHING,
        ("-236.7848",),
        partial(_birth, "matching ATT", "estimate"),
    ),
    entry(
        "e_value_breastfeeding",
        "E-values of a risk ratio of 3.9 (1.8 to 8.7): estimate, limit",
        E_VALUE,
        ("7.26", "3.0"),
        partial(_e_value, 3.9, 1.8, 8.7),
        Allowance(0.00501, "half a unit of the second decimal"),
    ),
    entry(
        "e_value_leukaemia",
        "E-values of a risk ratio of 0.80 (0.71 to 0.91): estimate, limit",
        E_VALUE,
        ("1.81", "1.43"),
        partial(_e_value, 0.80, 0.71, 0.91),
    ),
    entry(
        "e_value_smoking",
        "E-values of a risk ratio of 10.73 (8.02 to 14.36): estimate, limit",
        E_VALUE_README,
        ("20.94777", "15.52336"),
        partial(_e_value, 10.73, 8.02, 14.36),
    ),
    entry(
        "rosenbaum_binary",
        "Smoking and lung cancer in pairs: bounds of p under hidden bias of 4, 5, 6",
        BINARY_SENSITIVITY,
        ("0.0036", "0.03", "0.1"),
        lambda: engine.rosenbaum_binary(SMOKER_ONLY, PARTNER_ONLY, gammas=[4, 5, 6]).p_upper,
        known=KnownDifference(
            "Ours are exact binomial tails; the printed ones follow the normal approximation with continuity"
            " correction.",
            within=0.46,
        ),
    ),
    entry(
        "rosenbaum_rank",
        "Lead in children: bounds of p under hidden bias of 2, 3, 4, 4.25, 5",
        RANK_SENSITIVITY,
        ("0.0018", "0.0136", "0.0388", "0.0468", "0.0740"),
        lambda: engine.rosenbaum_signed_rank(lead_gap(), gammas=[2, 3, 4, 4.25, 5]).p_upper,
    ),
)
