"""The digits that ship with the lessons are the published 1797, split once and for all."""

from importlib.resources import files

import pytest
import torch

from lessons.core.data.digits import digits_split, load_digits

# Class distribution of the set as published: UCI Optical Recognition of Handwritten Digits, optdigits.names.
PUBLISHED_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
FIRST_ROWS = [[0, 0, 5, 13, 9, 1, 0, 0], [0, 0, 13, 15, 10, 15, 5, 0], [0, 3, 15, 2, 0, 11, 8, 0]]


def test_images_are_the_published_ones_in_number_form_and_labels():
    images, labels = load_digits()
    assert (images.shape, images.dtype) == ((1797, 64), torch.float32)
    assert (labels.shape, labels.dtype) == ((1797,), torch.int64)
    assert torch.bincount(labels).tolist() == PUBLISHED_COUNTS
    assert torch.equal(images, images.round())
    assert (images.min(), images.max()) == (0, 16)


def test_first_image_is_the_published_zero():
    images, labels = load_digits()
    assert images[0].view(8, 8)[:3].tolist() == FIRST_ROWS
    assert labels[:10].tolist() == list(range(10))


def test_images_differ_from_each_other():
    """So that a split whose rows differ is disjoint."""
    assert len(torch.unique(load_digits()[0], dim=0)) == 1797


def test_the_file_is_small_and_comes_with_its_licence():
    folder = files("lessons.core.data")
    with folder.joinpath("digits.npz").open("rb") as file:
        assert len(file.read()) < 60_000
    licence = folder.joinpath("LICENSE-digits.txt").read_text(encoding="utf-8")
    assert "Creative Commons Attribution 4.0" in licence or "CC BY 4.0" in licence


@pytest.mark.parametrize("train_size", [20, 200, 1200])
def test_training_and_test_images_are_disjoint_and_keep_their_labels(train_size):
    split = digits_split(train_size)
    images, labels = load_digits()
    scaled = torch.cat([split.train_inputs, split.test_inputs])
    # The scaling is the same for all pixels: undo it with the darkest and the lightest.
    raw = ((scaled - scaled.min()) / (scaled.max() - scaled.min()) * 16).round()
    known = {tuple(image): label for image, label in zip(images.tolist(), labels.tolist(), strict=True)}
    found = [known[tuple(image)] for image in raw.tolist()]
    assert len(torch.unique(raw, dim=0)) == train_size + 500
    assert found == torch.cat([split.train_labels, split.test_labels]).tolist()


@pytest.mark.parametrize("train_size", [20, 200, 1200])
def test_training_pixels_have_mean_zero_and_deviation_one(train_size):
    inputs = digits_split(train_size).train_inputs
    assert inputs.shape == (train_size, 64)
    assert inputs.mean().item() == pytest.approx(0, abs=1e-5)
    assert inputs.std().item() == pytest.approx(1, abs=1e-5)


def test_the_split_is_the_same_each_time_and_a_smaller_one_is_a_part_of_a_larger():
    small, large = digits_split(50), digits_split(300)
    digits_split.cache_clear()
    with torch.random.fork_rng():
        torch.manual_seed(123)
        again = digits_split(50)
    for name in small.__dataclass_fields__:
        assert torch.equal(getattr(small, name), getattr(again, name))
    assert torch.equal(small.train_labels, large.train_labels[:50])
    assert torch.equal(small.test_labels, large.test_labels)


@pytest.mark.parametrize("train_size", [200, 1200])
def test_every_digit_occurs_in_both_parts(train_size):
    split = digits_split(train_size)
    for labels, size in ((split.train_labels, train_size), (split.test_labels, 500)):
        assert torch.bincount(labels, minlength=10).min() >= size * 0.05


@pytest.mark.parametrize(("train_size", "test_size"), [(1298, 500), (1, 1797)])
def test_more_images_than_there_are_is_refused(train_size, test_size):
    with pytest.raises(ValueError, match="there are 1797"):
        digits_split(train_size, test_size)


def test_all_images_can_be_used():
    split = digits_split(1297)
    assert len(split.train_inputs) + len(split.test_inputs) == 1797
