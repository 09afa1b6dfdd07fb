"""A learner's copy of the notebooks: new versions arrive, and nothing that was edited is lost."""

import json

import pytest

from deploy.hub.own_copy import fingerprint, refresh


def notebook(*sources, outputs=()):
    cells = [{"cell_type": "code", "source": [text], "outputs": list(outputs), "metadata": {}} for text in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def folders(tmp_path):
    source, own = tmp_path / "source", tmp_path / "own"
    (source / "pictures").mkdir(parents=True)
    (source / "lesson.ipynb").write_text(notebook("a", "b"))
    (source / "pictures" / "one.png").write_bytes(b"\x89PNG 1")
    return source, own


def test_a_new_folder_gets_everything_but_checkpoints(folders):
    source, own = folders
    (source / ".ipynb_checkpoints").mkdir()
    (source / ".ipynb_checkpoints" / "lesson-checkpoint.ipynb").write_text("{}")
    assert refresh(source, own) == []
    names = {path.relative_to(own).as_posix() for path in own.rglob("*") if path.is_file()}
    assert names == {"lesson.ipynb", "pictures/one.png", ".copied.json"}
    assert (own / "lesson.ipynb").read_bytes() == (source / "lesson.ipynb").read_bytes()


def test_a_newer_version_replaces_what_was_not_edited(folders):
    source, own = folders
    refresh(source, own)
    (source / "lesson.ipynb").write_text(notebook("a", "better"))
    (source / "pictures" / "one.png").write_bytes(b"\x89PNG 2")
    assert refresh(source, own) == []
    assert "better" in (own / "lesson.ipynb").read_text()
    assert (own / "pictures" / "one.png").read_bytes() == b"\x89PNG 2"


def test_an_edited_notebook_is_kept_and_named_when_a_newer_version_exists(folders):
    source, own = folders
    refresh(source, own)
    (own / "lesson.ipynb").write_text(notebook("mine", "b"))
    assert refresh(source, own) == []
    (source / "lesson.ipynb").write_text(notebook("a", "better"))
    for _ in range(2):
        assert refresh(source, own) == ["lesson.ipynb"]
        assert "mine" in (own / "lesson.ipynb").read_text()


def test_a_run_is_not_an_edit_and_its_outputs_stay_until_there_is_a_newer_version(folders):
    source, own = folders
    refresh(source, own)
    run = notebook("a", "b", outputs=[{"output_type": "stream", "name": "stdout", "text": ["7"]}])
    (own / "lesson.ipynb").write_text(run)
    refresh(source, own)
    assert (own / "lesson.ipynb").read_text() == run
    (source / "lesson.ipynb").write_text(notebook("a", "better"))
    assert refresh(source, own) == []
    assert "better" in (own / "lesson.ipynb").read_text()


def test_what_was_deleted_comes_back_and_what_is_the_learners_stays(folders):
    source, own = folders
    refresh(source, own)
    (own / "lesson.ipynb").unlink()
    (own / "notes.txt").write_text("mine")
    refresh(source, own)
    assert (own / "lesson.ipynb").is_file()
    assert (own / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("record", ["", "[1]", '"text"', "{"])
def test_without_its_record_nothing_edited_is_overwritten(folders, record):
    source, own = folders
    refresh(source, own)
    (own / ".copied.json").write_text(record)
    (own / "lesson.ipynb").write_text(notebook("mine"))
    assert refresh(source, own) == ["lesson.ipynb"]
    assert "mine" in (own / "lesson.ipynb").read_text()


def test_a_link_or_a_folder_of_the_name_is_left_alone(folders, tmp_path):
    source, own = folders
    own.mkdir()
    elsewhere = tmp_path / "elsewhere.ipynb"
    elsewhere.write_text(notebook("elsewhere"))
    (own / "lesson.ipynb").symlink_to(elsewhere)
    (own / "pictures" / "one.png").mkdir(parents=True)
    refresh(source, own)
    assert elsewhere.read_text() == notebook("elsewhere")
    assert (own / "lesson.ipynb").is_symlink()
    assert (own / "pictures" / "one.png").is_dir()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}', '{"cells": [{"source": "a"}]}'])
def test_a_file_that_is_no_notebook_is_told_apart_by_its_bytes(tmp_path, content):
    one, other = tmp_path / "one.ipynb", tmp_path / "other.ipynb"
    one.write_text(content)
    other.write_text(content + " ")
    assert fingerprint(one) != fingerprint(other)
