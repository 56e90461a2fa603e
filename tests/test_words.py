"""US spelling and standard terms in code and prose; where that is done, no bare participle is a name."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("studio", "pages", "training", "benchmarks", "tests")
BRITISH = re.compile(
    r"colour|grey|centre|neighbour|favour|behaviour|licence|learnt|normalis|initialis|optimise|optimising|quantis|recognis"
    r"|organise|analyse[ds]?\b|labell(?!imit)|modell|cancelling",
    re.IGNORECASE,
)
# Each was once a name of our own for a standard term.
PRIVATE = re.compile(
    r"\bjudges?\b|\bsteepness\b|\btrays?\b|\bknobs?\b|\bdabs?\b|(?<!-)\bvoices?\b|\bwalls? of\b"
    r"|\bby heart\b|\ba person\b|\banew\b|network that draws|\bnats an? ",
    re.IGNORECASE,
)
PARTICIPLES = {
    "told",
    "asked",
    "made",
    "seen",
    "kept",
    "found",
    "drawn",
    "taken",
    "given",
    "held",
    "shown",
    "known",
    "wanted",
    "brought",
    "begun",
    "gone",
    "written",
    "opened",
    "refused",
    "learned",
    "taught",
    "chosen",
    "heard",
    "meant",
    "said",
    "sent",
    "tried",
    "lent",
    "thrown",
    "got",
    "come",
    "judged",
    "liked",
    "offered",
}
# Folders whose names are done; others follow one by one.
DONE: tuple[str, ...] = ()


def sources() -> list[Path]:
    """All Python files, documents and cards, except this file."""
    code = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "training").glob("*.md")]
    return sorted({*code, *documents, *ROOT.glob("pages/**/*.toml")} - {Path(__file__)})


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the numbered lines of a document, or the names, comments and strings of a Python file."""
    if path.suffix != ".py":
        yield from enumerate(path.read_text("utf-8").splitlines(), 1)
        return
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type in (tokenize.NAME, tokenize.STRING, tokenize.COMMENT) and token.string[:1] != "b":
                yield token.start[0], token.string


def matches(pattern: re.Pattern[str]) -> list[str]:
    """Returns the places where a pattern matches, as `file:line: text`."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {text.strip()[:80]}"
        for path in sources()
        for number, text in lines(path)
        if pattern.search(text)
    ]


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yields the line and name of each function, class, argument and variable that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr


def test_spelling_is_american():
    assert not matches(BRITISH)


def test_standard_terms_are_the_names():
    assert not matches(PRIVATE)


@pytest.mark.parametrize("folder", DONE)
def test_no_bare_participle_is_a_name(folder):
    participles = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, name in [(1, path.stem), *names(ast.parse(path.read_text("utf-8")))]
        if name.strip("_") in PARTICIPLES
    ]
    assert not participles


def test_each_check_finds_what_it_looks_for():
    assert BRITISH.search("the colour of it") and not BRITISH.search("color, optimistic, cancelled")
    assert PRIVATE.search("the judge") and not PRIVATE.search("discriminator")
    code = ast.parse("def told(seen):\n    made = self.kept = 1")
    assert {name for _, name in names(code)} & PARTICIPLES == {"told", "seen", "made", "kept"}
