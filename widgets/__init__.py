"""The interface that a person touches and sees: controls, run loop, live figures, labs."""

from importlib.util import find_spec
from pathlib import Path
from typing import cast


def _refuse_other_lessons() -> None:
    """Say so where `import lessons` finds something else than the package that was installed together with this one.

    Raises:
        ImportError: If a file or folder of that name stands before it on the path: as a rule beside the notebook.
    """
    ours = Path(__file__).resolve().parents[1] / "lessons"
    found = find_spec("lessons")
    places = [] if found is None else [*(found.submodule_search_locations or [cast(str, found.origin)])]
    if places and Path(places[0]).resolve() != ours:
        raise ImportError(
            f"'{places[0]}' hides the lessons that the labs need ({ours}): rename it, or move the notebook elsewhere."
        )


_refuse_other_lessons()
