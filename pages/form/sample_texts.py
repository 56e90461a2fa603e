"""Sample texts: generated small tales, and passages of two books."""

from __future__ import annotations

import random

from studio.core.tasks import File

TALES_NAME = "small tales.txt"
PASSAGES_NAME = "two passages.txt"
# Marlowe, Doctor Faustus; Carroll, Through the Looking-Glass. No language model of the studio was trained on
# these.
PASSAGES = (
    "Was this the face that launch'd a thousand ships,\n"
    "And burnt the topless towers of Ilium?\n"
    "Sweet Helen, make me immortal with a kiss.\n"
    "Her lips suck forth my soul: see, where it flies!\n"
    "Come, Helen, come, give me my soul again.\n"
    "\n"
    "One thing was certain, that the white kitten had had nothing to do with it: it was the black kitten's "
    "fault entirely. For the white kitten had been having its face washed by the old cat for the last "
    "quarter of an hour; so you see that it couldn't have had any hand in the mischief.\n"
)
TALE_COUNT = 120
_SEED = 1
_CHARACTERS = (
    "the fox",
    "an old owl",
    "the young hare",
    "a gray cat",
    "the miller",
    "a quiet bear",
    "the crow",
)
_SETTINGS = ("by the river", "under the oak", "on the hill", "behind the mill", "in the tall grass")
_OPENINGS = (
    "One morning",
    "At noon",
    "Late in autumn",
    "After the rain",
    "Before the snow came",
    "That night",
)
_OBJECTS = (
    "a silver key",
    "a red apple",
    "an empty nest",
    "a broken lantern",
    "two white stones",
    "a letter",
)
_QUESTIONS = (
    "Who has left {it} here?",
    "Do you know whose {it} this is?",
    "What will you do with {it}?",
    "Is {it} yours, or the wind's?",
)
_ANSWERS = (
    "It was here before the trees were",
    "I have seen it in a dream",
    "Ask the river, for I have forgotten",
    "Leave it, and it will find its way home",
)
_ENDINGS = (
    "So they shared the bread and said no more of it.",
    "And nobody ever saw it again.",
    "They laughed until the moon went down.",
    "From that day on they were friends.",
)


def store_tales() -> File:
    """Stores the small tales as a text. Returns its file."""
    return File.store(generate_tales().encode(), "text", TALES_NAME)


def store_passages() -> File:
    """Stores passages of two writers as one text. Returns its file."""
    return File.store(PASSAGES.encode(), "text", PASSAGES_NAME)


def generate_tales() -> str:
    """Returns the small tales, about 25,000 characters, the same at each call."""
    rng = random.Random(_SEED)
    return "\n".join(_generate_tale(rng) for _ in range(TALE_COUNT))


def _generate_tale(rng: random.Random) -> str:
    first, second = rng.sample(_CHARACTERS, 2)
    object_found = rng.choice(_OBJECTS)
    it = "the " + object_found.partition(" ")[2]
    question = rng.choice(_QUESTIONS).format(it=it).replace("whose the ", "whose ")
    return (
        f"{rng.choice(_OPENINGS)} {first} found {object_found} {rng.choice(_SETTINGS)}.\n"
        f'"{question}" asked {second}.\n'
        f'"{rng.choice(_ANSWERS)}," said {"the " + first.rpartition(" ")[2]}.\n'
        f"{rng.choice(_ENDINGS)}\n"
    )
