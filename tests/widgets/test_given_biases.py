"""Weights that are given to the lessons: found, read as data and shown; and what is said where there are none."""

import os
from pathlib import Path

import ipywidgets as ipw
import pytest
import torch

from deploy.pages.made_of import made_of
from lessons.teacher_student.given_weights import VARIABLE, given_weights
from widgets.labs.teacher_student import given_biases

# vgg11_bn of torchvision: channels of its convolutions, "M" where it pools.
VGG11 = (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M")


def vgg_state(negative: float) -> dict[str, torch.Tensor]:
    """A state dict with the names of vgg11_bn, without kernels, and this share of negative biases in each layer."""
    state, number = {}, 0
    for channels in VGG11:
        if channels == "M":
            number += 1
            continue
        bias = torch.full((channels,), 0.25)
        bias[: round(negative * channels)] = -0.25
        state[f"features.{number}.bias"] = torch.zeros(channels)
        for name, value in (("weight", 1.0), ("running_mean", 0.0), ("running_var", 1.0)):
            state[f"features.{number + 1}.{name}"] = torch.full((channels,), value)
        state[f"features.{number + 1}.bias"] = bias
        state[f"features.{number + 1}.num_batches_tracked"] = torch.tensor(1)
        number += 3  # convolution, normalization, ReLU
    state["classifier.6.bias"] = torch.zeros(1000)
    return state


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of notebooks, in which a lesson's kernel is, and no file named by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def test_without_a_file_one_sentence_says_how_to_give_one(here: Path) -> None:
    shown = given_biases(".")
    assert isinstance(shown, ipw.HTML)
    assert VARIABLE in shown.value
    assert "<table" not in shown.value
    assert shown.value.count(". ") == 0


@pytest.mark.claim(84)
def test_biases_of_a_vgg_beside_the_notebooks_are_shown_layer_by_layer(here: Path) -> None:
    torch.save(vgg_state(0.75), here / "vgg11_bn-6002323d.pth")
    shown = given_biases(".").value
    assert "vgg11_bn-6002323d.pth: 2064 of 2752 biases of batch normalization are negative (75%)" in shown
    assert shown.count("<tr>") == 9  # eight layers and the head
    assert [f"features.{number}<" in shown for number in (1, 5, 9, 12, 16, 19, 23, 26)] == [True] * 8


@pytest.mark.claim(84)
def test_the_environment_names_a_file_anywhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    torch.save(vgg_state(0.5), elsewhere / "mine.pt")
    monkeypatch.setenv(VARIABLE, str(elsewhere / "mine.pt"))
    assert "mine.pt: 1376 of 2752" in given_biases(".").value


def test_what_is_no_file_of_weights_is_named_in_a_sentence(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a_bn.pth").write_text("hello <b>")
    assert "could not be read" in given_biases(".").value
    monkeypatch.setenv(VARIABLE, str(here / "<i>none.pth"))
    said = given_biases(".").value
    assert "could not be read" in said
    assert "<i>" not in said


def test_a_file_that_runs_something_is_not_run(here: Path) -> None:
    class Runs:
        def __reduce__(self):
            return (os.mkdir, (str(here / "was_run"),))

    torch.save({"features.1.running_mean": Runs()}, here / "evil_bn.pth")
    assert "could not be read" in given_biases(".").value
    assert not (here / "was_run").exists()


def test_pages_of_before_a_file_was_given_are_older_than_the_lessons(here: Path) -> None:
    before = made_of(here)
    torch.save(vgg_state(0.5), here / "vgg11_bn.pth")
    assert given_weights(here) == here / "vgg11_bn.pth"
    given = made_of(here)
    assert before != given
    assert made_of(here) == given
