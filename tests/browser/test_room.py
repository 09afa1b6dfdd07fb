"""A small room: three headless students and a page in Chromium at once; nothing is lost, and all kernels end."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.room.processes import KERNEL
from benchmarks.room.room import run_room

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report():
    # A thread of its own: the browser of the other tests has an event loop in this one.
    with ThreadPoolExecutor(1) as other:
        return other.submit(run_room, students=3, pages=1, seconds=10).result()


def test_nothing_is_lost_and_all_kernels_end(report):
    assert report.reasons() == []
    assert [each.name for each in report.trained] == ["page 1", "student 1", "student 2", "student 3"]
    assert max(len(sample.of(KERNEL)) for sample in report.samples) == 4
    assert report.kernels_left == 0


def test_every_student_sees_frames_after_each_move(report):
    for each in report.trained:
        assert len(each.moves) >= 2
        assert each.first_byte < each.whole_page < each.first_curve
        for move, following in zip(each.moves, [*each.moves[1:], None], strict=True):
            until = report.window[1] if following is None else following.sent
            assert move.shown > move.sent
            until = max(until, move.shown) + 0.05  # a frame that shows one move may end in the next
            assert any(move.shown - 0.05 <= frame <= until for frame in each.frames)


def test_the_numbers_of_the_report_are_there(report):
    numbers = report.as_dict()
    assert numbers["trained"] == 4
    assert numbers["slider to figure, ms"]["student"]["p95"] >= numbers["slider to figure, ms"]["student"]["p50"] > 0
    assert 0.5 < numbers["steps a second"]["03_divergence.ipynb"]["fairness"] <= 1
    memory = numbers["memory, MB"]
    private, shared_out, resident = (
        memory[f"a kernel, {kind}"]["median"] for kind in ("private", "each page once", "resident")
    )
    assert 0 < private <= shared_out <= resident
    assert memory["all, each page once"] >= 4 * private
