"""Labels and treatments: 0 or 1, and nothing that merely looks like one of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError


def checked_labels(values: ArrayLike, what: str = "Outcome") -> NDArray[np.bool_]:
    """Labels as booleans, in the shape given.

    Parameters
    ----------
    values
        Booleans, or numbers that are 0 or 1.
    what
        Name of the values in the message.

    Raises
    ------
    JourneyError
        For anything else: a cast would make a missing value, -1 and the text "0" positive.

    Examples
    --------
    >>> checked_labels([0, 1.0, 1])
    array([False,  True,  True])
    """
    labels = np.asarray(values)
    if labels.dtype == np.bool_:
        return labels
    wrong = labels[~np.isin(labels, (0, 1))] if labels.dtype.kind in "iufO" else labels
    if wrong.size:
        raise JourneyError(
            f"{what} must be 0 or 1, and {wrong.size} of {labels.size} values are not, such as {wrong[0]!s}; "
            "leave these rows out or code them."
        )
    return labels.astype(np.bool_)
