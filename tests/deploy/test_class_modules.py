"""The scripts of a class's pages: put together of modules of two folders, each once, in one scope."""

import gzip
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from deploy.classroom.files import PAGES, ClassFiles
from widgets.browser.browser_module import FOLDER, bundled

BROWSER = Path(__file__).resolve().parents[2] / "deploy" / "classroom" / "browser"
MODULES = sorted(BROWSER.glob("*.js"))
SCRIPTS = (*PAGES, "bar")
NODE = Path(sys.executable).with_name("node")
IMPORTED = re.compile(r'^import \{ ([^}]*) \} from "(\.[\w./]*)";$', re.M)
EXPORTED = re.compile(r"^export (?:async )?(?:function|class|const) (?:(\w+)|\{ ([^}]*) \})", re.M)
NAMED = re.compile(r"^(?:async )?(?:function|class|const|let) (?:(\w+)|\{ ([^}]*) \})", re.M)
# A phone joins in under five seconds on a slow line.
MOST_PACKED = 40_000

by_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)


def names(pattern, text):
    """Names that lines of a kind give."""
    return [name for one, several in pattern.findall(text) for name in (one or several).split(", ")]


def imports(path):
    """Which names a module takes from which file."""
    found = IMPORTED.findall(path.read_text(encoding="utf-8"))
    return [(name, (path.parent / source).resolve()) for taken, source in found for name in taken.split(", ")]


def module_in(folder, name, text):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_module_is_put_together_with_what_it_imports_from_other_folders_each_once(tmp_path):
    module_in(
        tmp_path, "ours/page.js", 'import { a } from "./a.js";\nimport { b } from "../theirs/b.js";\nshow(a, b);\n'
    )
    module_in(tmp_path, "ours/a.js", 'import { b } from "../theirs/b.js";\n\nexport const a = b + 1;\n')
    module_in(tmp_path, "theirs/b.js", 'import { c } from "./a.js";\nexport const b = c;\n// For readers.\n')
    module_in(tmp_path, "theirs/a.js", 'import { d } from "../ours/deep/d.js";\nexport function c() {}\n')
    (tmp_path / "ours" / "deep").mkdir()
    module_in(tmp_path, "ours/deep/d.js", "export class d {}\n")
    lines = [line for line in bundled("page.js", tmp_path / "ours").splitlines() if line]
    assert lines == ["class d {}", "function c() {}", "const b = c;", "const a = b + 1;", "show(a, b);"]


def test_of_two_modules_of_one_name_in_two_folders_both_are_there(tmp_path):
    module_in(
        tmp_path, "one/page.js", 'import { a } from "./same.js";\nimport { b } from "../two/same.js";\nshow(a, b);\n'
    )
    module_in(tmp_path, "one/same.js", "export const a = 1;\n")
    module_in(tmp_path, "two/same.js", "export const b = 2;\n")
    text = bundled("page.js", tmp_path / "one")
    assert "const a = 1;" in text
    assert "const b = 2;" in text


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_pages_script_is_one_text_in_which_each_name_is_given_once(script, tmp_path):
    text = bundled(f"{script}.js", BROWSER)
    assert not re.search(r"^(import|export)\b", text, re.M)
    twice = [each for each, count in Counter(names(NAMED, text)).items() if count > 1]
    assert not twice
    path = module_in(tmp_path, f"{script}.mjs", text)
    checked = subprocess.run([NODE, "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


@by_module
def test_a_class_module_imports_what_it_uses_and_what_there_is(module):
    body = IMPORTED.sub("", module.read_text(encoding="utf-8"))
    assert not re.search(r"^import\b", body, re.M), "one line an import, of names from a file"
    for name, source in imports(module):
        assert name in names(EXPORTED, source.read_text(encoding="utf-8")), f"{source} exports no {name}"
        assert re.search(rf"\b{name}\b", body), f"{name} is not used"
        assert source.parent in (BROWSER, FOLDER)


@by_module
def test_a_class_module_is_used_by_a_page_and_no_text_in_it_goes_over_a_line(module):
    assert module.stem in SCRIPTS or any(source == module for path in MODULES for _, source in imports(path))
    assert not [line for line in module.read_text(encoding="utf-8").splitlines() if line.count("`") % 2]


def test_no_module_of_the_widgets_knows_of_classes():
    for path in FOLDER.glob("*.js"):
        assert all(source.parent == FOLDER for _, source in imports(path)), path


def test_what_a_page_loads_is_small_and_named_by_its_content():
    files = ClassFiles()
    for page in PAGES:
        html = files.page(page, "/base/", ["/voila/render/{}.ipynb"], "/base/")
        loaded = re.findall(r'(?:src|href)="/base/class/files/([\w.-]+)"', html)
        assert len(loaded) == 2
        packed = [files.get(name).packed for name in loaded]
        assert sum(map(len, packed)) < MOST_PACKED, "of 150 kB that a phone may be asked to load"
        assert "</script" not in gzip.decompress(packed[1]).decode().lower()
    assert [files.head(name, "/", []) for name in SCRIPTS] == [ClassFiles().head(name, "/", []) for name in SCRIPTS]
    assert files.get("learner.js") is None
