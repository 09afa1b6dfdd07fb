"""The reference of all labs: as they declare themselves."""

from pathlib import Path

import pytest
from headless import CASES, factory

from widgets.page.reference import in_cell, reference

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_labs_declare():
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    # Where this fails, write it anew: python -m widgets.page.reference docs/reference.md
    assert written == reference(ROOT / "notebooks")


def test_every_lab_has_its_part_with_all_controls_and_presets():
    written = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    parts = {part.partition("\n")[0]: part for part in written.split("\n### ")[1:]}
    views = [factory(name)().view for name in CASES]
    assert set(parts) == {view.title for view in views}
    for view in views:
        for name in view.controls:
            assert f"| `{name}` |" in parts[view.title]
        for preset in view.presets:
            assert f"| {in_cell(preset.name)} | {in_cell(preset.sentence)} |" in parts[view.title]
