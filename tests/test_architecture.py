"""Rules of the code base that a machine can check: imports, layers, and forbidden calls."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

from studio.core.tasks import TASKS, get

ROOT = Path(__file__).resolve().parent.parent
OUR_FOLDERS = ("studio", "pages", "training", "benchmarks", "tests")
ABOVE = {"api", "cli", "run", "engine", "gallery"}  # capabilities
NO_CAPABILITY = {"core", "imported", *ABOVE}
CAPABILITIES = {
    folder.name
    for folder in (ROOT / "studio").iterdir()
    if (folder / "settings.py").is_file() and folder.name not in NO_CAPABILITY
}
HEAVY = ("keras", "tensorflow", "jax", "streamlit", "distributed")


def sources(*folders: str) -> list[Path]:
    """Returns all Python files of the project below these folders."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return paths + ([ROOT / "streamlit_app.py"] if "pages" in folders else [])


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Returns the full names of modules that a file imports, except for type checking."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_without_type_checking(tree(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*path.relative_to(ROOT).parts[: -node.level], *base.split(".")]).rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _without_type_checking(module: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test).endswith("TYPE_CHECKING") else self.generic_visit(node)

    return Drop().visit(ast.parse(ast.unparse(module)))


def part(module: str) -> str:
    """Returns the package of the library that a module belongs to: `studio.core.paths` -> "core", else ""."""
    names = module.split(".")
    return names[1] if names[0] == "studio" and len(names) > 1 else ""


def breaches(folder: str, forbidden: set[str]) -> list[str]:
    return [
        f"{relative(path)} imports {module}"
        for path in sources(folder)
        for module in imports(path)
        if part(module) in forbidden
    ]


def test_there_is_something_to_check():
    assert "style" in CAPABILITIES
    assert len(sources(*OUR_FOLDERS)) > 20


@pytest.mark.slow
def test_core_imports_nothing_above_it():
    assert not breaches("studio/core", CAPABILITIES | ABOVE | {"imported"})


def test_imported_models_lie_between_core_and_the_capabilities():
    assert not breaches("studio/imported", CAPABILITIES | ABOVE)
    assert {"classify", "run"} <= {part(f"studio.{name}") for name in _users("imported")}
    assert not breaches("studio/engine", {"imported"}) + breaches("studio/gallery", {"imported"})


def _users(folder: str) -> set[str]:
    """Returns the packages of the library that import from a folder."""
    leans = _leans_on(_modules(), part)
    return {name for name, folders in leans.items() if folder in folders}


@pytest.mark.parametrize("capability", sorted(CAPABILITIES))
def test_capabilities_never_import_each_other(capability):
    allowed = {capability} | ({"engine"} if capability == "tune" else set())  # other tasks run its trials
    assert not breaches(f"studio/{capability}", (CAPABILITIES | ABOVE) - allowed)


@pytest.mark.parametrize("folder", ["engine", "gallery"])
def test_engine_and_gallery_reach_capabilities_only_by_name(folder):
    assert not breaches(f"studio/{folder}", CAPABILITIES | {"api", "cli", "run"})


@pytest.mark.slow
def test_what_all_faces_share_knows_no_face():
    assert not breaches("studio/run", {"api", "cli", "notebook"})
    assert not breaches("studio/cli", {"api", "notebook"})
    assert not breaches("studio/api", {"cli", "notebook"})
    assert not [
        violation
        for violation in breaches("pages", {"api", "cli", "notebook"})
        if violation.startswith("pages/")
    ]
    python = [ROOT / "studio" / "__init__.py", ROOT / "studio" / "notebook.py"]
    assert not [relative(p) for p in python for module in imports(p) if part(module) in {"api", "cli"}]


@cache
def _modules() -> dict[str, Path]:
    """Returns all files of the library and the pages by their module names."""
    names = {
        path: relative(path).removesuffix(".py").replace("/", ".") for path in sources("studio", "pages")
    }
    return {name.removesuffix(".__init__"): path for path, name in names.items()}


def _leans_on(modules: Mapping[str, Path], room: Callable[[str], str]) -> dict[str, set[str]]:
    """Returns the groups that each group of modules imports from; `room` gives the group of a module."""
    leans: dict[str, set[str]] = {}
    for name, path in modules.items():
        modules_used = {
            module if module in modules else module.rpartition(".")[0] for module in imports(path)
        }
        # In `from package import module`, only the module counts.
        modules_used = {
            module
            for module in modules_used & set(modules)
            if not any(o.startswith(f"{module}.") for o in modules_used)
        }
        leans.setdefault(room(name), set()).update({room(module) for module in modules_used} - {room(name)})
    return leans


def test_no_two_files_import_each_other():
    modules = _modules()
    TopologicalSorter(_leans_on(modules, lambda name: name)).prepare()  # raises an error for a cycle


def test_no_two_folders_import_each_other():
    modules = _modules()

    def folder(name: str) -> str:
        name_of_folder = relative(modules[name].parent)
        capability = name_of_folder.split("/")[:2]  # its subfolders share its settings
        return "/".join(capability) if capability[-1] in CAPABILITIES else name_of_folder

    TopologicalSorter(_leans_on(modules, folder)).prepare()


# A layer imports only from earlier layers, and from its own unless a test above forbids it.
STUDIO_LADDER = (
    {"core"},
    {"imported"},
    CAPABILITIES | {"engine", "gallery"},
    {"run"},
    {"cli", "notebook", "api"},
)
SHARED_BY_PAGES = ({"widgets"}, {"recorded"}, {"form"}, {"jobs"})  # single pages import these
BESIDE = {
    "tune": {"text"},
    "images": {"home"},
    "xray": {"dream"},
    "generator": {"faces"},
}  # Tune trains on texts, the home page draws its tiles, Dream shows channels, and Faces offers generators


def _steps_up(leans: Mapping[str, set[str]], ladder: Iterable[set[str]]) -> list[str]:
    """Returns the imports that go from a lower layer to a higher one."""
    rung = {name: height for height, names in enumerate(ladder) for name in names}
    return [
        f"{user} leans on {other}"
        for user, others in sorted(leans.items())
        for other in sorted(others & set(rung))
        if user in rung and rung[user] < rung[other]
    ]


def _page_folder(name: str) -> str:
    """Returns the folder of pages that a module is in: "pages" for a page, "" outside of pages."""
    folder = relative(_modules()[name].parent).split("/")
    return folder[min(1, len(folder) - 1)] if folder[0] == "pages" else ""


def test_the_library_is_a_ladder():
    assert not _steps_up(_leans_on(_modules(), part), STUDIO_LADDER)


def test_pages_are_a_ladder():
    """Widgets import no form, forms no jobs, jobs no page; a page imports its own folder only."""
    leans = _leans_on(_modules(), _page_folder)
    single = set(leans).difference({"", "pages"}, *SHARED_BY_PAGES)
    assert {"style", "classify"} <= single
    assert not _steps_up(leans, (*SHARED_BY_PAGES, single, {"pages"}))
    assert not [name for name in sorted(single) if leans[name] & single - BESIDE.get(name, set())]


def test_a_step_up_is_seen():
    assert _steps_up({"widgets": {"form"}, "form": {"widgets"}}, SHARED_BY_PAGES) == ["widgets leans on form"]


def test_a_circle_is_seen():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()
    modules = _modules()
    assert "studio.core.paths" in _leans_on(modules, lambda name: name)["studio.core.files"]


# Files that all capabilities share, and those where a capability registers itself.
SHARED = ("core", "imported", "run", "engine", "gallery", "api", "cli")  # of studio/
SHARED_PAGES = ("widgets", "form", "jobs", "gallery")  # of pages/
OWN = {
    "studio/core/tasks.py": "the line of each task",
    "studio/core/machine/speed.py": "what the speed of a machine is told by",
    "studio/core/weights/networks/__init__.py": "what builds the networks of weights that only one needs",
    "studio/api/bodies.py": "examples",
    "studio/cli/videos.py": "a video in place of an image",
    "studio/cli/tune.py": "the command of searches, which has a training's words as its own",
    "pages/form/video_input.py": "a video in place of an image",
    "pages/form/layer_terms.py": "layers and channels as a text",
    "pages/form/samples.py": "styles of a user's own networks, and looks",
    "pages/jobs/navigation.py": "the line of each page",
    "pages/jobs/written_texts.py": "a text and its negative log-likelihood",
}


def _names_capabilities(path: Path) -> set[str]:
    """Returns imports of capabilities, of their modules and tasks, and of their page folders."""
    strings = {
        node.value
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60
    }
    either = "|".join(sorted(CAPABILITIES))
    own = re.compile(rf"(studio\.|pages\.)({either})\b.*")
    return {
        word
        for word in {*imports(path), *strings}
        if own.fullmatch(word) or (word in TASKS and word.partition(".")[0] in CAPABILITIES)
    }


@pytest.mark.parametrize("folder", [f"studio/{n}" for n in SHARED] + [f"pages/{n}" for n in SHARED_PAGES])
def test_what_serves_all_capabilities_knows_none_by_name(folder):
    """A capability is one folder, one line in TASKS, one page and its line; shared code asks the task."""
    words_by_file = {relative(path): _names_capabilities(path) for path in sources(folder)}
    assert not {file: words for file, words in words_by_file.items() if words and file not in OWN}


def test_a_name_of_a_capability_is_seen():
    assert not {file for file in OWN if not _names_capabilities(ROOT / file)}, "an exception that none needs"


# Names of settings that also mean something else, such as the kind of a file.
EVERYDAY = {
    "across",
    "activation",
    "avatars",
    "base",
    "count",
    "detail",
    "down",
    "edges",
    "embedding",
    "enhance",
    "first",
    "flat",
    "head",
    "hidden",
    "jobs",
    "keep",
    "kept",
    "label",
    "levels",
    "model",
    "name",
    "near",
    "off",
    "optimizer",
    "scale",
    "second",
    "start",
    "stop",
    "top",
    "train",
    "interpolate",
}
NAMES_SETTINGS = {
    "studio/cli/videos.py": "the flags for a part of a video",
    "studio/cli/gallery.py": "the name of an item",
    "studio/cli/tune.py": "the command of searches",
    "studio/cli/synonyms.py": "settings by the names that other tools give them",
    "studio/cli/score.py": "how a classifier made elsewhere takes images",
    "studio/core/machine/speed.py": "what the speed of a machine is told by",
    "studio/core/models/cards.py": "why a training ended, of which patience is one",
    "pages/form/video_input.py": "a video in place of an image",
    "pages/form/samples.py": "looks, with their images",
    "pages/jobs/navigation.py": "the line of each page",
    "pages/jobs/written_texts.py": "a text and its prompt",
}


@cache
def _settings_of_one() -> set[str]:
    """Returns the names of settings that exist in one capability only."""
    owners: dict[str, set[str]] = {}
    for task in map(get, TASKS):
        for name in task.settings.model_fields:
            owners.setdefault(name, set()).add(part(task.settings.__module__))
    return {name for name, users in owners.items() if len(users) == 1 and users <= CAPABILITIES}


def _names_settings(path: Path) -> set[str]:
    """Returns the settings of one capability that a file mentions: as string, flag or attribute."""
    words, flags = set(), set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            (flags if node.value.startswith("--") else words).add(node.value.strip("-").replace("-", "_"))
        elif isinstance(node, ast.Attribute) and "settings" in ast.unparse(node.value).lower():
            words.add(node.attr)
    return (words - EVERYDAY | flags) & _settings_of_one()


def _may_name_settings(folder: str) -> list[Path]:
    """Returns the files of a folder, except those for networks, whose layers use such words, too."""
    networks = {"imported", "data", "metrics", "imaging", "training", "untrusted", "weights"}
    return [path for path in sources(folder) if not networks & {*path.relative_to(ROOT).parts}]


@pytest.mark.parametrize("folder", [f"studio/{n}" for n in SHARED] + [f"pages/{n}" for n in SHARED_PAGES])
def test_what_serves_all_capabilities_names_no_setting_of_one(folder):
    """Settings describe themselves to forms, flags and captions."""
    names_by_file = {relative(path): _names_settings(path) for path in _may_name_settings(folder)}
    assert not {file: names for file, names in names_by_file.items() if names and file not in NAMES_SETTINGS}


def test_a_name_of_a_setting_is_seen():
    assert {"zoom", "house", "octaves"} <= _settings_of_one()
    assert not {file for file in NAMES_SETTINGS if not _names_settings(ROOT / file)}, "an exception too many"


def test_core_is_shared():
    """A module that one capability alone uses does not belong in core."""
    alone = []
    modules = _modules()
    leans = _leans_on(modules, lambda name: name)
    for name in modules:
        users = {user for user, others in leans.items() if name in others}
        capabilities = {part(user) for user in users}
        if name.startswith("studio.core.") and len(capabilities) == 1 and capabilities <= CAPABILITIES:
            alone.append(name)
    assert not alone


def test_the_library_imports_neither_streamlit_nor_the_pages():
    outside = {"streamlit", "pages", "training", "tests", "benchmarks"}
    violations = [
        f"{relative(path)} imports {module}"
        for path in sources("studio")
        for module in imports(path)
        if module.split(".")[0] in outside
    ]
    assert not violations


def test_pages_import_no_keras_and_no_command_line():
    heavy = {"keras", "tensorflow", "jax"}
    violations = [
        f"{relative(path)} imports {module}"
        for path in sources("pages")
        for module in imports(path)
        if module.split(".")[0] in heavy or part(module) == "cli"
    ]
    assert not violations


def faces() -> list[str]:
    """Returns the modules that must import quickly: the package, its kinds, and each task's settings."""
    light = [
        "studio",
        "studio.api",
        "studio.cli",
        "studio.core.tasks",
        "studio.core.recipes",
        "studio.core.machine.doctor_checks",
    ]
    for capability in sorted(CAPABILITIES):
        light += [f"studio.{capability}", f"studio.{capability}.settings"]
    return light


@pytest.mark.parametrize("module", faces())
def test_faces_and_settings_are_light(module):
    code = f"import sys, {module}; sys.stdout.write(' '.join({{*{HEAVY!r}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == ""


@pytest.mark.slow
def test_children_are_started_in_one_way_which_leaves_the_current_folder_out():
    violations = [
        f"{relative(path)}:{node.lineno}"
        for path in sources("studio", "pages", "training", "benchmarks")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable"
    ]
    assert [place.partition(":")[0] for place in violations] == ["studio/core/process/children.py"]


def test_nothing_is_printed():
    violations = [
        f"{relative(path)}:{node.lineno}"
        for path in sources("studio", "pages", "training")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not violations


def _declared(*extras: str) -> set[str]:
    """Returns the declared dependencies, with those of some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    named = _names(listed)
    return named | {package for package, bringer in BROUGHT.items() if bringer in named}


def _names(lines: Iterable[str]) -> set[str]:
    return {_plain(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines}


# Packages that a declared package always installs.
BROUGHT = {
    "altair": "streamlit",
    "anyio": "starlette",
    "charset-normalizer": "requests",
    "dask": "distributed",
    "flatbuffers": "tensorflow",
    "h5py": "keras",
    "psutil": "distributed",
    "pydantic-core": "pydantic",
    "threadpoolctl": "scikit-learn",
}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _undeclared(declared: set[str], *folders: str) -> set[str]:
    """Returns imports of third-party packages that are not declared."""
    offers = packages_distributions()  # for installed packages; others have the name that is imported
    ours = {*OUR_FOLDERS, "streamlit_app"} | {path.stem for path in (ROOT / "tests" / "fakes").iterdir()}
    imported = {(module.split(".")[0], path) for path in sources(*folders) for module in imports(path)}
    return {
        f"{relative(path)} imports {top}"
        for top, path in imported
        if top not in sys.stdlib_module_names | ours
        and not {_plain(name) for name in offers.get(top, [top])} & declared
    }


@pytest.mark.parametrize("package, bringer", BROUGHT.items())
def test_what_needs_no_line_of_its_own_is_brought(package, bringer):
    always = [line for line in requires(bringer) or () if "extra ==" not in line]
    assert package in _names(always)


@pytest.mark.slow
def test_whatever_is_imported_is_declared():
    declared = _declared("jax", "heic", "export")
    assert not _undeclared(declared, "studio", "pages", "training")
    assert not _undeclared(declared | _declared("dev"), "tests", "benchmarks")
    assert "studio/core/imaging/image_io.py imports PIL" in _undeclared(declared - {"pillow"}, "studio")


@pytest.mark.parametrize("name", ["utils.py", "util.py", "helpers.py", "misc.py", "common.py"])
def test_no_module_is_a_drawer(name):
    assert not [relative(path) for path in sources(*OUR_FOLDERS) if path.name == name]


def _opens_the_door(node: ast.AST) -> bool:
    """Returns whether a node loads something that can run code."""
    if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
        return (node.arg, node.value.value) in {("allow_pickle", True), ("safe_mode", False)}
    if isinstance(node, ast.Attribute):
        name = ast.unparse(node)
        return name in {"pickle.load", "pickle.loads", "torch.load"} or node.attr == UNSAFE
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        return (node.module == "pickle" and bool(names & {"load", "loads"})) or UNSAFE in names
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}


UNSAFE = "enable_unsafe_deserialization"


@pytest.mark.slow
def test_nothing_loads_what_may_run_code():
    violations = [
        f"{relative(path)}:{getattr(node, 'lineno', '?')}"
        for path in sources(*OUR_FOLDERS)
        for node in ast.walk(tree(path))
        if _opens_the_door(node)
    ]
    assert not violations


@pytest.mark.parametrize(
    "code",
    [
        "pickle.load(f)",
        "np.load(f, allow_pickle=True)",
        "load_model(f, safe_mode=False)",
        f"config.{UNSAFE}()",
    ],
)
def test_the_check_for_open_doors_sees_them(code):
    assert any(_opens_the_door(node) for node in ast.walk(ast.parse(code)))


HOSTS = [f"{name}.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
HOSTS += [f"registry.npmjs.{end}" for end in ("com", "org")]
OPEN_ENDS = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]


def test_no_registry_is_named_and_nothing_is_left_open():
    files = [*sources(*OUR_FOLDERS), ROOT / "pyproject.toml", *ROOT.glob("*.md"), *ROOT.glob("*/*.md")]
    files += [ROOT / "pretrained" / "index.json"]
    violations = [
        f"{relative(path)} has {word}"
        for path in files
        if path.is_file()
        for word in HOSTS + OPEN_ENDS
        if word in path.read_text(encoding="utf-8")
    ]
    assert not violations


def test_pages_are_short():
    assert not [relative(path) for path in (ROOT / "pages").glob("*.py") if _lines(path) > 100]


def test_no_file_is_two_things():
    assert not [relative(path) for path in sources("studio", "pages", "training") if _lines(path) > 400]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _public(path: Path) -> Iterator[ast.AST]:
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def test_whatever_is_public_says_what_it_is():
    violations = [
        f"{relative(path)}: {node.name}"
        for path in sources("studio")
        for node in _public(path)
        if not ast.get_docstring(node)
    ]
    assert not violations


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*/README.md")), ids=str)
def test_what_a_document_links_to_is_there(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost


def _raw_errors(node: ast.AST) -> Iterator[int]:
    """Yields where an error is shown without `words.plain`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("plain"):
        return
    if ast.unparse(node) in ("str(error)", "job.error", "problem", "status") or (
        isinstance(node, ast.FormattedValue) and ast.unparse(node.value) in ("error", "status")
    ):
        yield node.lineno
        return
    for child in ast.iter_child_nodes(node):
        yield from _raw_errors(child)


def test_pages_show_what_went_wrong_by_way_of_words_plain():
    """`words.plain` escapes Markdown and hides paths of the server from visitors."""
    shows = {"error", "warning", "info", "caption", "toast", "markdown", "success", "write", "text"}
    violations = [
        f"{relative(path)}:{line}"
        for path in sources("pages")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        if (isinstance(node.func, ast.Attribute) and node.func.attr in shows)
        or ast.unparse(node.func) == "show_error"
        for argument in node.args
        for line in _raw_errors(argument)
    ]
    assert not violations


# Streamlit elements whose body or label is Markdown.
MARKDOWN = {
    "badge",
    "button",
    "caption",
    "checkbox",
    "download_button",
    "error",
    "expander",
    "header",
    "info",
}
MARKDOWN |= {"markdown", "metric", "page_link", "popover", "slider", "subheader", "success", "title", "toast"}
MARKDOWN |= {"toggle", "warning", "write"}
OURS = {"field.name"}  # a setting's


def _raw_names(node: ast.AST) -> Iterator[str]:
    """Yields names from users that are shown without `words.plain`."""
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called.endswith("plain"):
            return
        if called.endswith("made_of"):
            yield called
    text = ast.unparse(node)
    if text == "caption" or (isinstance(node, ast.Attribute) and node.attr == "name" and text not in OURS):
        yield text
    for child in ast.iter_child_nodes(node):
        yield from _raw_names(child)


def test_pages_show_what_users_have_named_by_way_of_words_plain():
    violations = []
    for path in sources("pages"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            values = node.args[:1] if node.func.attr in MARKDOWN else []
            values += [
                keyword.value for keyword in node.keywords if keyword.arg in ("help", "label") and values
            ]
            if ast.unparse(node.func) == "st.image" and path.name != "browser_images.py":
                captions = [keyword.value for keyword in node.keywords if keyword.arg == "caption"]
                violations += [
                    f"{relative(path)}:{caption.lineno}"
                    for caption in captions
                    if not isinstance(caption, ast.Constant)
                ]
            violations += [
                f"{relative(path)}:{node.lineno} {name}" for value in values for name in _raw_names(value)
            ]
    assert not violations


@pytest.mark.parametrize("code", ["f'**{file.name}**'", "words.made_of(job)", "caption"])
def test_a_name_that_would_be_read_as_markdown_is_seen(code):
    assert list(_raw_names(ast.parse(code, mode="eval")))
    assert not list(_raw_names(ast.parse(f"words.plain({code})", mode="eval")))


def _keys_of_parts(module: ast.Module) -> Iterator[int]:
    """Yields where a key of a part is built by hand, or a plain key contains its dot."""
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.FormattedValue):
            following = node.values[1] if len(node.values) > 1 else None
            if isinstance(following, ast.Constant) and str(following.value).startswith("_"):
                yield node.lineno
        elif isinstance(node, ast.keyword) and node.arg == "key" and _is_dotted(node.value):
            yield node.value.lineno
        elif isinstance(node, ast.Subscript) and ast.unparse(node).startswith("st.session_state['"):
            yield from [node.lineno] if _is_dotted(node.slice) else []


def _is_dotted(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and "." in str(node.value)


def test_one_function_makes_the_keys_of_parts():
    """`keys.part` prevents a widget of a page from having the key of a shared part."""
    violations = [
        f"{relative(path)}:{line}"
        for path in sources("pages")
        if relative(path) != "pages/playground/charts.py"  # its metric names are not keys
        for line in _keys_of_parts(tree(path))
    ]
    assert not violations


@pytest.mark.parametrize(
    "code", ['key = f"{slot}_before"', 'st.button("Go", key="photo.before")', 'st.session_state["photo.on"]']
)
def test_a_key_of_a_part_that_is_put_together_by_hand_is_detected(code):
    assert list(_keys_of_parts(ast.parse(code)))
