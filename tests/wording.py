"""Helpers that check the wording of error messages."""

import re

SECOND_SENTENCE = r"[.…)`] [A-Z`]"


def says_what_to_do(message: str) -> bool:
    """Returns whether a message has a second sentence that says what to do."""
    return bool(re.search(SECOND_SENTENCE, message))
