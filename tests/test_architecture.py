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
SHARED_LAYERS = {"api", "cli", "run", "engine", "gallery"}  # capabilities
NON_CAPABILITIES = {"core", "imported", *SHARED_LAYERS}
CAPABILITIES = {
    folder.name
    for folder in (ROOT / "studio").iterdir()
    if (folder / "settings.py").is_file() and folder.name not in NON_CAPABILITIES
}
HEAVY_PACKAGES = ("keras", "tensorflow", "jax", "streamlit", "distributed")


def find_sources(*folders: str) -> list[Path]:
    """Returns all Python files of the project below these folders."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return paths + ([ROOT / "streamlit_app.py"] if "pages" in folders else [])


@cache
def parse_file(path: Path) -> ast.Module:
    return read_module(path)


def read_module(path: Path) -> ast.Module:
    """Parses a file into a tree that may be changed."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def format_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def find_imports(path: Path) -> tuple[str, ...]:
    """Returns the full names of modules that a file imports, except for type checking."""
    return tuple(_iterate_imports(path))


def _iterate_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_drop_type_checking(read_module(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*path.relative_to(ROOT).parts[: -node.level], *base.split(".")]).rstrip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _drop_type_checking(module: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            return None if ast.unparse(node.test).endswith("TYPE_CHECKING") else self.generic_visit(node)

    return Drop().visit(module)


def package_of(module: str) -> str:
    """Returns the package of the library that a module belongs to: `studio.core.paths` -> "core", else ""."""
    names = module.split(".")
    return names[1] if names[0] == "studio" and len(names) > 1 else ""


def find_forbidden_imports(folder: str, forbidden: set[str]) -> list[str]:
    return [
        f"{format_path(path)} imports {module}"
        for path in find_sources(folder)
        for module in find_imports(path)
        if package_of(module) in forbidden
    ]


def test_there_are_capabilities_and_files():
    assert "style" in CAPABILITIES
    assert len(find_sources(*OUR_FOLDERS)) > 20


@pytest.mark.slow
def test_core_imports_nothing_above_it():
    assert not find_forbidden_imports("studio/core", CAPABILITIES | SHARED_LAYERS | {"imported"})


def test_imported_models_lie_between_core_and_the_capabilities():
    assert not find_forbidden_imports("studio/imported", CAPABILITIES | SHARED_LAYERS)
    assert {"classify", "run"} <= {
        package_of(f"studio.{name}") for name in _find_importing_packages("imported")
    }
    assert not find_forbidden_imports("studio/engine", {"imported"}) + find_forbidden_imports(
        "studio/gallery", {"imported"}
    )


def _find_importing_packages(folder: str) -> set[str]:
    """Returns the packages of the library that import from a folder."""
    dependencies = _find_dependencies(_find_modules(), package_of)
    return {name for name, folders in dependencies.items() if folder in folders}


@pytest.mark.parametrize("capability", sorted(CAPABILITIES))
def test_capabilities_never_import_each_other(capability):
    # Other tasks run the trials of Tune, and Chain makes missing inputs again, as replay does.
    allowed = {capability} | {"tune": {"engine"}, "chain": {"gallery"}}.get(capability, set())
    assert not find_forbidden_imports(f"studio/{capability}", (CAPABILITIES | SHARED_LAYERS) - allowed)


@pytest.mark.parametrize("folder", ["engine", "gallery"])
def test_engine_and_gallery_reach_capabilities_only_by_name(folder):
    assert not find_forbidden_imports(f"studio/{folder}", CAPABILITIES | {"api", "cli", "run"})


@pytest.mark.slow
def test_interfaces_do_not_import_each_other():
    assert not find_forbidden_imports("studio/run", {"api", "cli", "notebook"})
    assert not find_forbidden_imports("studio/cli", {"api", "notebook"})
    assert not find_forbidden_imports("studio/api", {"cli", "notebook"})
    assert not [
        violation
        for violation in find_forbidden_imports("pages", {"api", "cli", "notebook"})
        if violation.startswith("pages/")
    ]
    python = [ROOT / "studio" / "__init__.py", ROOT / "studio" / "notebook.py"]
    assert not [
        format_path(p) for p in python for module in find_imports(p) if package_of(module) in {"api", "cli"}
    ]


@cache
def _find_modules() -> dict[str, Path]:
    """Returns all files of the library and the pages by their module names."""
    names = {
        path: format_path(path).removesuffix(".py").replace("/", ".")
        for path in find_sources("studio", "pages")
    }
    return {name.removesuffix(".__init__"): path for path, name in names.items()}


def _find_dependencies(modules: Mapping[str, Path], group_of: Callable[[str], str]) -> dict[str, set[str]]:
    """Returns the groups that each group of modules imports from; `group_of` gives the group of a module."""
    dependencies: dict[str, set[str]] = {}
    for name, path in modules.items():
        modules_used = {
            module if module in modules else module.rpartition(".")[0] for module in find_imports(path)
        }
        # In `from package import module`, only the module counts.
        modules_used = {
            module
            for module in modules_used & set(modules)
            if not any(o.startswith(f"{module}.") for o in modules_used)
        }
        dependencies.setdefault(group_of(name), set()).update(
            {group_of(module) for module in modules_used} - {group_of(name)}
        )
    return dependencies


def test_no_two_files_import_each_other():
    modules = _find_modules()
    TopologicalSorter(_find_dependencies(modules, lambda name: name)).prepare()  # raises an error for a cycle


def test_no_two_folders_import_each_other():
    modules = _find_modules()

    def folder(name: str) -> str:
        name_of_folder = format_path(modules[name].parent)
        capability = name_of_folder.split("/")[:2]  # its subfolders share its settings
        return "/".join(capability) if capability[-1] in CAPABILITIES else name_of_folder

    TopologicalSorter(_find_dependencies(modules, folder)).prepare()


# A layer imports only from earlier layers, and from its own unless a test above forbids it.
STUDIO_LAYERS = (
    {"core"},
    {"imported"},
    CAPABILITIES | {"engine", "gallery"},
    {"run"},
    {"cli", "notebook", "api"},
)
PAGE_LAYERS = ({"widgets"}, {"recorded"}, {"form"}, {"jobs"})  # single pages import these
# Tune trains on texts, the home page draws its tiles, Dream shows channels, and Faces offers generators.
ALLOWED_PAGE_IMPORTS = {"tune": {"text"}, "images": {"home"}, "xray": {"dream"}, "generator": {"faces"}}


def _find_upward_imports(dependencies: Mapping[str, set[str]], layers: Iterable[set[str]]) -> list[str]:
    """Returns the imports that go from a lower layer to a higher one."""
    level = {name: height for height, names in enumerate(layers) for name in names}
    return [
        f"{user} imports {other}"
        for user, others in sorted(dependencies.items())
        for other in sorted(others & set(level))
        if user in level and level[user] < level[other]
    ]


def _page_folder_of(name: str) -> str:
    """Returns the folder of pages that a module is in: "pages" for a page, "" outside of pages."""
    folder = format_path(_find_modules()[name].parent).split("/")
    return folder[min(1, len(folder) - 1)] if folder[0] == "pages" else ""


def test_the_library_is_layered():
    assert not _find_upward_imports(_find_dependencies(_find_modules(), package_of), STUDIO_LAYERS)


def test_pages_are_layered():
    """Widgets import no form, forms no jobs, jobs no page; a page imports its own folder only."""
    dependencies = _find_dependencies(_find_modules(), _page_folder_of)
    single = set(dependencies).difference({"", "pages"}, *PAGE_LAYERS)
    assert {"style", "classify"} <= single
    assert not _find_upward_imports(dependencies, (*PAGE_LAYERS, single, {"pages"}))
    assert not [
        name for name in sorted(single) if dependencies[name] & single - ALLOWED_PAGE_IMPORTS.get(name, set())
    ]


def test_an_upward_import_is_detected():
    assert _find_upward_imports({"widgets": {"form"}, "form": {"widgets"}}, PAGE_LAYERS) == [
        "widgets imports form"
    ]


def test_a_cycle_is_detected():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()
    modules = _find_modules()
    assert "studio.core.paths" in _find_dependencies(modules, lambda name: name)["studio.core.files"]


# Files that all capabilities share, and those where a capability registers itself.
SHARED_FOLDERS = ("core", "imported", "run", "engine", "gallery", "api", "cli")  # of studio/
SHARED_PAGE_FOLDERS = ("widgets", "form", "jobs", "gallery")  # of pages/
CAPABILITY_EXCEPTIONS = {
    "studio/core/tasks.py": "the line of each task",
    "studio/core/machine/speed.py": "the benchmarks of a machine",
    "studio/core/weights/networks/__init__.py": "the builders of networks that one capability needs",
    "studio/api/request_models.py": "examples",
    "studio/cli/videos.py": "a video in place of an image",
    "studio/cli/tune.py": "the command of searches, which repeats flags of training",
    "pages/form/video_input.py": "a video in place of an image",
    "pages/form/layer_terms.py": "layers and channels as a text",
    "pages/form/samples.py": "styles of a user's own networks, and presets",
    "pages/jobs/navigation.py": "the line of each page",
    "pages/jobs/text_view.py": "a text and its negative log-likelihood",
}


def _find_capability_names(path: Path) -> set[str]:
    """Returns imports of capabilities, of their modules and tasks, and of their page folders."""
    strings = {
        node.value
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60
    }
    either = "|".join(sorted(CAPABILITIES))
    own = re.compile(rf"(studio\.|pages\.)({either})\b.*")
    return {
        word
        for word in {*find_imports(path), *strings}
        if own.fullmatch(word) or (word in TASKS and word.partition(".")[0] in CAPABILITIES)
    }


@pytest.mark.parametrize(
    "folder", [f"studio/{n}" for n in SHARED_FOLDERS] + [f"pages/{n}" for n in SHARED_PAGE_FOLDERS]
)
def test_shared_code_names_no_capability(folder):
    """A capability is one folder, one line in TASKS, one page and its line; shared code asks the task."""
    words_by_file = {format_path(path): _find_capability_names(path) for path in find_sources(folder)}
    assert not {
        file: words for file, words in words_by_file.items() if words and file not in CAPABILITY_EXCEPTIONS
    }


def test_capability_names_are_detected():
    assert not {file for file in CAPABILITY_EXCEPTIONS if not _find_capability_names(ROOT / file)}, (
        "an unnecessary exception"
    )


# Names of settings that also mean something else, such as the kind of a file.
COMMON_WORDS = {
    "across",
    "activation",
    "avatars",
    "base",
    "count",
    "data",
    "detail",
    "down",
    "edges",
    "embedding",
    "enhance",
    "first",
    "flat",
    "head",
    "height",
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
SETTING_EXCEPTIONS = {
    "studio/cli/videos.py": "the flags for a part of a video",
    "studio/cli/gallery.py": "the name of an item",
    "studio/cli/tune.py": "the command of searches",
    "studio/cli/synonyms.py": "names of settings in other tools",
    "studio/cli/score.py": "the preprocessing of imported classifiers",
    "studio/core/machine/speed.py": "the benchmarks of a machine",
    "studio/core/masks/selection.py": "the selection of faces",
    "studio/core/masks/settings.py": "the selection of faces",
    "studio/core/models/cards.py": "the reasons why training ended, such as patience",
    "pages/form/mask_choice.py": "the selection of faces",
    "pages/form/video_input.py": "a video in place of an image",
    "pages/form/samples.py": "presets, with their images",
    "pages/jobs/navigation.py": "the line of each page",
    "pages/jobs/text_view.py": "a text and its prompt",
}


@cache
def _find_capability_settings() -> set[str]:
    """Returns the names of settings that exist in one capability only."""
    owners: dict[str, set[str]] = {}
    for task in map(get, TASKS):
        for name in task.settings.model_fields:
            owners.setdefault(name, set()).add(package_of(task.settings.__module__))
    return {name for name, users in owners.items() if len(users) == 1 and users <= CAPABILITIES}


def _find_setting_names(path: Path) -> set[str]:
    """Returns the settings of one capability that a file mentions: as string, flag or attribute."""
    words, flags = set(), set()
    for node in ast.walk(parse_file(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            (flags if node.value.startswith("--") else words).add(node.value.strip("-").replace("-", "_"))
        elif isinstance(node, ast.Attribute) and "settings" in ast.unparse(node.value).lower():
            words.add(node.attr)
    return (words - COMMON_WORDS | flags) & _find_capability_settings()


def _find_files_to_check(folder: str) -> list[Path]:
    """Returns the files of a folder, except those for networks, whose layers use such words, too."""
    networks = {"imported", "data", "metrics", "imaging", "training", "untrusted", "weights"}
    return [path for path in find_sources(folder) if not networks & {*path.relative_to(ROOT).parts}]


@pytest.mark.parametrize(
    "folder", [f"studio/{n}" for n in SHARED_FOLDERS] + [f"pages/{n}" for n in SHARED_PAGE_FOLDERS]
)
def test_shared_code_names_no_setting_of_one_capability(folder):
    """Settings describe themselves to forms, flags and captions."""
    names_by_file = {format_path(path): _find_setting_names(path) for path in _find_files_to_check(folder)}
    assert not {
        file: names for file, names in names_by_file.items() if names and file not in SETTING_EXCEPTIONS
    }


def test_setting_names_are_detected():
    assert {"jitter", "house", "octaves"} <= _find_capability_settings()
    assert not {file for file in SETTING_EXCEPTIONS if not _find_setting_names(ROOT / file)}, (
        "an unnecessary exception"
    )


def test_core_is_shared():
    """A module that one capability alone uses does not belong in core."""
    alone = []
    modules = _find_modules()
    dependencies = _find_dependencies(modules, lambda name: name)
    for name in modules:
        users = {user for user, others in dependencies.items() if name in others}
        capabilities = {package_of(user) for user in users}
        if name.startswith("studio.core.") and len(capabilities) == 1 and capabilities <= CAPABILITIES:
            alone.append(name)
    assert not alone


def test_the_library_imports_neither_streamlit_nor_the_pages():
    outside = {"streamlit", "pages", "training", "tests", "benchmarks"}
    violations = [
        f"{format_path(path)} imports {module}"
        for path in find_sources("studio")
        for module in find_imports(path)
        if module.split(".")[0] in outside
    ]
    assert not violations


def test_pages_import_no_keras_and_no_command_line():
    heavy = {"keras", "tensorflow", "jax"}
    violations = [
        f"{format_path(path)} imports {module}"
        for path in find_sources("pages")
        for module in find_imports(path)
        if module.split(".")[0] in heavy or package_of(module) == "cli"
    ]
    assert not violations


def list_light_modules() -> list[str]:
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


def test_interfaces_and_settings_import_no_heavy_packages():
    code = f"""import importlib, sys
for module in {list_light_modules()!r}:
    importlib.import_module(module)
    if heavy := {{*{HEAVY_PACKAGES!r}}} & set(sys.modules):
        sys.exit(f"{{module}} imports {{heavy}}")"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_child_processes_are_started_by_one_module():
    violations = [
        f"{format_path(path)}:{node.lineno}"
        for path in find_sources("studio", "pages", "training", "benchmarks")
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable"
    ]
    assert [place.partition(":")[0] for place in violations] == ["studio/core/process/children.py"]


def test_nothing_is_printed():
    violations = [
        f"{format_path(path)}:{node.lineno}"
        for path in find_sources("studio", "pages", "training")
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not violations


def _read_dependencies(*extras: str) -> set[str]:
    """Returns the declared dependencies, with those of some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    named = _parse_requirement_names(listed)
    return named | {package for package, bringer in TRANSITIVE_DEPENDENCIES.items() if bringer in named}


def _parse_requirement_names(lines: Iterable[str]) -> set[str]:
    return {_normalize_name(re.split(r"[\[<>=!~; ]", line)[0]) for line in lines}


# Packages that a declared package always installs.
TRANSITIVE_DEPENDENCIES = {
    "altair": "streamlit",
    "anyio": "starlette",
    "charset-normalizer": "requests",
    "dask": "distributed",
    "flatbuffers": "tensorflow",
    "h5py": "keras",
    "psutil": "distributed",
    "pydantic-core": "pydantic",
    "rich": "keras",
    "threadpoolctl": "scikit-learn",
    "tifffile": "scikit-image",
    "urllib3": "requests",
    "uvicorn": "streamlit",
}


def _normalize_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _find_undeclared(declared: set[str], *folders: str) -> set[str]:
    """Returns imports of third-party packages that are not declared."""
    offers = packages_distributions()  # for installed packages; others have the name that is imported
    ours = {*OUR_FOLDERS, "streamlit_app"} | {path.stem for path in (ROOT / "tests" / "fakes").iterdir()}
    imported = {
        (module.split(".")[0], path) for path in find_sources(*folders) for module in find_imports(path)
    }
    return {
        f"{format_path(path)} imports {top}"
        for top, path in imported
        if top not in sys.stdlib_module_names | ours
        and not {_normalize_name(name) for name in offers.get(top, [top])} & declared
    }


@pytest.mark.parametrize("package, bringer", TRANSITIVE_DEPENDENCIES.items())
def test_transitive_dependencies_are_always_installed(package, bringer):
    always = [line for line in requires(bringer) or () if "extra ==" not in line]
    assert package in _parse_requirement_names(always)


@pytest.mark.slow
def test_imported_packages_are_declared():
    declared = _read_dependencies("jax", "heic", "export")
    assert not _find_undeclared(declared, "studio", "pages", "training")
    assert not _find_undeclared(declared | _read_dependencies("dev"), "tests", "benchmarks")
    assert "studio/core/imaging/image_io.py imports PIL" in _find_undeclared(declared - {"pillow"}, "studio")


@pytest.mark.parametrize("name", ["utils.py", "util.py", "helpers.py", "misc.py", "common.py"])
def test_no_module_has_a_vague_name(name):
    assert not [format_path(path) for path in find_sources(*OUR_FOLDERS) if path.name == name]


def _may_run_code(node: ast.AST) -> bool:
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
def test_no_loader_may_run_code():
    violations = [
        f"{format_path(path)}:{getattr(node, 'lineno', '?')}"
        for path in find_sources(*OUR_FOLDERS)
        for node in ast.walk(parse_file(path))
        if _may_run_code(node)
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
def test_loaders_that_may_run_code_are_detected(code):
    assert any(_may_run_code(node) for node in ast.walk(ast.parse(code)))


HOSTS = [f"{name}.{end}" for name, end in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
HOSTS += [f"registry.npmjs.{end}" for end in ("com", "org")]
OPEN_TASK_MARKS = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]


def test_no_registry_is_named_and_no_task_is_open():
    files = [*find_sources(*OUR_FOLDERS), ROOT / "pyproject.toml", *ROOT.glob("*.md"), *ROOT.glob("*/*.md")]
    files += [ROOT / "pretrained" / "index.json"]
    violations = [
        f"{format_path(path)} has {word}"
        for path in files
        if path.is_file()
        for word in HOSTS + OPEN_TASK_MARKS
        if word in path.read_text(encoding="utf-8")
    ]
    assert not violations


def test_pages_are_short():
    assert not [format_path(path) for path in (ROOT / "pages").glob("*.py") if _count_lines(path) > 100]


def test_no_file_is_long():
    assert not [
        format_path(path) for path in find_sources("studio", "pages", "training") if _count_lines(path) > 400
    ]


def _count_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _find_public_definitions(path: Path) -> Iterator[ast.AST]:
    for node in parse_file(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def test_public_definitions_have_docstrings():
    violations = [
        f"{format_path(path)}: {node.name}"
        for path in find_sources("studio")
        for node in _find_public_definitions(path)
        if not ast.get_docstring(node)
    ]
    assert not violations


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*/README.md")), ids=str)
def test_links_in_documents_exist(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost


def _find_raw_errors(node: ast.AST) -> Iterator[int]:
    """Yields where an error is shown without `words.escape`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("words.escape"):
        return
    if ast.unparse(node) in ("str(error)", "job.error", "problem", "status") or (
        isinstance(node, ast.FormattedValue) and ast.unparse(node.value) in ("error", "status")
    ):
        yield node.lineno
        return
    for child in ast.iter_child_nodes(node):
        yield from _find_raw_errors(child)


def test_pages_escape_errors():
    """`words.escape` escapes Markdown and hides paths of the server from visitors."""
    shows = {"error", "warning", "info", "caption", "toast", "markdown", "success", "write", "text"}
    violations = [
        f"{format_path(path)}:{line}"
        for path in find_sources("pages")
        for node in ast.walk(parse_file(path))
        if isinstance(node, ast.Call)
        if (isinstance(node.func, ast.Attribute) and node.func.attr in shows)
        or ast.unparse(node.func) == "show_error"
        for argument in node.args
        for line in _find_raw_errors(argument)
    ]
    assert not violations


# Streamlit elements whose body or label is Markdown.
MARKDOWN_ELEMENTS = {
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
MARKDOWN_ELEMENTS |= {
    "markdown",
    "metric",
    "page_link",
    "popover",
    "slider",
    "subheader",
    "success",
    "title",
    "toast",
}
MARKDOWN_ELEMENTS |= {"toggle", "warning", "write"}
SAFE_NAMES = {"field.name"}  # a setting's


def _find_raw_names(node: ast.AST) -> Iterator[str]:
    """Yields names from users that are shown without `words.escape`."""
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called.endswith("words.escape"):
            return
        if called.endswith("describe_inputs"):
            yield called
    text = ast.unparse(node)
    if text == "caption" or (
        isinstance(node, ast.Attribute) and node.attr == "name" and text not in SAFE_NAMES
    ):
        yield text
    for child in ast.iter_child_nodes(node):
        yield from _find_raw_names(child)


def test_pages_escape_names_from_users():
    violations = []
    for path in find_sources("pages"):
        for node in ast.walk(parse_file(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            values = node.args[:1] if node.func.attr in MARKDOWN_ELEMENTS else []
            values += [
                keyword.value for keyword in node.keywords if keyword.arg in ("help", "label") and values
            ]
            if ast.unparse(node.func) == "st.image" and path.name != "browser_images.py":
                captions = [keyword.value for keyword in node.keywords if keyword.arg == "caption"]
                violations += [
                    f"{format_path(path)}:{caption.lineno}"
                    for caption in captions
                    if not isinstance(caption, ast.Constant)
                ]
            violations += [
                f"{format_path(path)}:{node.lineno} {name}"
                for value in values
                for name in _find_raw_names(value)
            ]
    assert not violations


@pytest.mark.parametrize("code", ["f'**{file.name}**'", "words.describe_inputs(job)", "caption"])
def test_unescaped_names_are_detected(code):
    assert list(_find_raw_names(ast.parse(code, mode="eval")))
    assert not list(_find_raw_names(ast.parse(f"words.escape({code})", mode="eval")))


def _find_handmade_keys(module: ast.Module) -> Iterator[int]:
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


def test_keys_of_parts_are_made_by_one_function():
    """`keys.part` prevents a widget of a page from having the key of a shared part."""
    violations = [
        f"{format_path(path)}:{line}"
        for path in find_sources("pages")
        if format_path(path) != "pages/playground/charts.py"  # its metric names are not keys
        for line in _find_handmade_keys(parse_file(path))
    ]
    assert not violations


@pytest.mark.parametrize(
    "code", ['key = f"{slot}_before"', 'st.button("Go", key="photo.before")', 'st.session_state["photo.on"]']
)
def test_handmade_keys_are_detected(code):
    assert list(_find_handmade_keys(ast.parse(code)))
