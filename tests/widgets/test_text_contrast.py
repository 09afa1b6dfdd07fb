"""Text of labs and figures has a contrast of 4.5 with its ground in both themes, as WCAG 2.2 asks for (AA, 1.4.3)."""

import re
from functools import cache
from pathlib import Path

import jupyterlab
import pytest
from test_figure_language import contrast, rgba

from widgets.browser.browser_module import FOLDER

ENOUGH = 4.5
THEMES = Path(jupyterlab.__file__).parent / "themes" / "@jupyterlab"
FILES = sorted(FOLDER.glob("*.css"))
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
COLOUR = re.compile(r"(?<![\w-])color:\s*([^;]+);")
GROUND = re.compile(r"(?<![\w-])background(?:-color)?:\s*([^;]+);")
NAMED = {"white": "#ffffff", "black": "#000000"}

themes = pytest.mark.parametrize("theme", ["light", "dark"])


@cache
def variables(theme: str) -> dict[str, str]:
    """The variables of JupyterLab's theme, and those that our style sheets define in it."""
    text = (THEMES / f"theme-{theme}-extension" / "index.css").read_text(encoding="utf-8")
    found = dict(re.findall(r"(--jp-[\w-]+):\s*([^;}]+)", text))
    for path in FILES:
        for selector, body in RULE.findall(path.read_text(encoding="utf-8")):
            if theme == "dark" or not is_dark(selector):
                found |= dict(re.findall(r"(--tdl-[\w-]+):\s*([^;}]+);", body))
    return found


def is_dark(selector: str) -> bool:
    return 'theme-light="false"' in selector


def resolved(value: str, theme: str) -> str:
    """The colour that a value stands for: the variable's, or what is given for where there is none."""
    while found := re.fullmatch(r"var\((--[\w-]+)(?:,\s*(.+))?\)", value.strip()):
        value = variables(theme).get(found[1], found[2])
    return NAMED.get(value.strip(), value.strip())


def opaque(value: str, theme: str) -> tuple[int, ...]:
    parts, alpha = rgba(resolved(value, theme))
    assert alpha == 1, f"{value} is no ground: what is under it shines through"
    return tuple(map(round, parts))


def texts(path: Path, theme: str) -> list[tuple[str, str, str]]:
    """Selector, colour and ground, empty for the page's, of each rule that gives text a colour in a theme."""
    rules = RULE.findall(re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S))
    told = [(" ".join(selector.split()), COLOUR.search(body), GROUND.search(body)) for selector, body in rules]
    ours = [(selector, colour[1], ground[1] if ground else "") for selector, colour, ground in told if colour]
    if theme == "light":
        return [each for each in ours if not is_dark(each[0])]
    changed = {selector.replace('[data-jp-theme-light="false"] ', "") for selector, *_ in ours if is_dark(selector)}
    return [each for each in ours if each[0] not in changed]


@themes
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_text_is_read_on_its_ground(theme: str, path: Path) -> None:
    for selector, colour, own in texts(path, theme):
        if colour in ("inherit", "currentColor") or "gradient" in own:
            continue
        ground = own if own.startswith("#") else "var(--jp-layout-color1)"
        seen = contrast(resolved(colour, theme), opaque(ground, theme))
        assert seen >= ENOUGH, (selector, colour, ground, round(seen, 2))


@themes
def test_text_in_figures_is_read_and_so_is_that_of_buttons(theme: str) -> None:
    """Ticks, titles, legends, notes and hover labels have the one colour of `themeColours`; so have keys and names."""
    looks = (FOLDER / "looks.js").read_text(encoding="utf-8")
    text, ground = (re.search(rf'{name}: colour\("(--jp-[\w-]+)"', looks) for name in ("text", "ground"))
    assert text
    assert ground
    for under in (ground[1], "--jp-layout-color1", "--jp-layout-color2"):
        assert contrast(resolved(f"var({text[1]})", theme), opaque(f"var({under})", theme)) >= ENOUGH, under


@themes
def test_a_text_that_is_too_pale_would_be_found(theme: str) -> None:
    pale = resolved("var(--jp-content-font-color3)", theme)
    assert contrast(pale, opaque("var(--jp-layout-color2)", theme)) < ENOUGH
