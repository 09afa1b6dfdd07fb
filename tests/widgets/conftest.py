"""Shared by the tests of the widgets."""

from collections.abc import Iterator

import ipywidgets as ipw
import pytest

pytest.register_assert_rewrite("headless")


@pytest.fixture(autouse=True)
def _no_widgets_left() -> Iterator[None]:
    """Forget the widgets of each test: ipywidgets keeps every one it has ever made."""
    yield
    ipw.Widget.close_all()
