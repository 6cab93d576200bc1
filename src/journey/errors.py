"""The one error a user is meant to read."""


class JourneyError(Exception):
    """Bad input, said in one sentence: what, where, and what to do.

    The command line prints the message and exits with status 2. Raise it before anything is written.
    """
