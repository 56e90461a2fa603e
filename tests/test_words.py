"""US spelling and standard terms in code, pages and documents."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("studio", "pages", "training", "benchmarks", "tests")
BRITISH = re.compile(
    r"colour|grey|centre|neighbour|favour|behaviour|licence|learnt|normalis|initialis|optimise|optimising|quantis|recognis"
    r"|organise|analyse[ds]?\b|labell(?!imit)|modell|cancelling",
    re.IGNORECASE,
)
# Each was once a name of our own for a standard term.
REPLACED_TERMS = re.compile(
    r"\bjudges?\b|\bsteepness\b|\btrays?\b|\bknobs?\b|\bdabs?\b|(?<!-)\bvoices?\b|\bwalls? of\b"
    r"|\bby heart\b|\ba person\b|\banew\b|network that draws|\bnats an? ",
    re.IGNORECASE,
)


def find_sources() -> list[Path]:
    """All Python files, documents and cards, except this file."""
    code = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "training").glob("*.md")]
    pages = [path for kind in ("toml", "md", "js", "html") for path in ROOT.glob(f"pages/**/*.{kind}")]
    return sorted({*code, *documents, *pages} - {Path(__file__)})


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the numbered lines of a document, or the names, comments and strings of a Python file."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text("utf-8").splitlines(), 1)
        return
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            is_bytes = token.type == tokenize.STRING and token.string[0] in "bB"  # files that tests make
            if token.type in (tokenize.NAME, tokenize.STRING, tokenize.COMMENT) and not is_bytes:
                yield token.start[0], token.string


def contains_match(path: Path, pattern: re.Pattern[str]) -> bool:
    """Returns whether the whole text of a file matches; only then, the file is tokenized, which is slow."""
    return bool(pattern.search(path.read_text("utf-8").replace("-", " ")))  # a token may follow a minus


def find_matches(pattern: re.Pattern[str]) -> list[str]:
    """Returns the places where a pattern matches, as `file:line: text`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {text.strip()[:80]}"
        for path in find_sources()
        if contains_match(path, pattern)
        for number, text in read_lines(path)
        if pattern.search(text)
    ]


def test_spelling_is_american():
    assert not find_matches(BRITISH)


def test_standard_terms_are_used():
    assert not find_matches(REPLACED_TERMS)


def test_each_pattern_matches_its_words():
    assert BRITISH.search("the colour of it") and not BRITISH.search("color, optimistic, cancelled")
    assert REPLACED_TERMS.search("the judge") and not REPLACED_TERMS.search("discriminator")
