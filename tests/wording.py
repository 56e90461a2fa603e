"""What error messages have in common."""

import re

SECOND_SENTENCE = r"[.…)`] [A-Z`]"


def says_what_to_do(message: str) -> bool:
    """Whether a second sentence follows the one that says what is wrong."""
    return bool(re.search(SECOND_SENTENCE, message))
