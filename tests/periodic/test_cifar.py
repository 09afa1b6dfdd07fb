"""Claim 43: CIFAR is read from its authors' files, and nothing in them can run."""

import pickle

import numpy as np
import pytest

from lessons.periodic.long_run.cifar import CIFAR, ROW, read_cifar
from tests.periodic.cifar_files import tiny_cifar

pytestmark = pytest.mark.claim(43)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", CIFAR)
def test_images_and_labels_come_back(tmp_path, name, protocol):
    rows, labels = tiny_cifar(tmp_path, name, protocol=protocol)
    for folder in (tmp_path, tmp_path / CIFAR[name].folder):
        (images, found), (test_images, test_labels) = read_cifar(folder, name)
        assert images.dtype == np.uint8
        assert np.array_equal(images.reshape(-1, ROW), rows)
        assert np.array_equal(found, labels)
        assert test_images.shape == (8, 3, 32, 32)
        assert test_labels.shape == (8,)
    assert np.array_equal(images[0, 1, 2], rows[0, 1024 + 2 * 32 : 1024 + 3 * 32])  # green, the third line


def test_files_as_python_2_wrote_them(tmp_path):
    """In its text of 2009 the arrays name numpy.core, and keys are byte strings."""
    tiny_cifar(tmp_path, "cifar100", rows=2)
    path = tmp_path / "cifar-100-python" / "train"
    text = path.read_bytes().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    path.write_bytes(text)
    assert b"numpy.core.multiarray" in text
    assert read_cifar(tmp_path, "cifar100")[0][0].shape == (2, 3, 32, 32)


def test_a_missing_file_is_named(tmp_path):
    tiny_cifar(tmp_path, "cifar10")
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_3"):
        read_cifar(tmp_path, "cifar10")


class Harmful:
    def __reduce__(self):
        return print, ("this ran",)


class Sneaky:
    """Through an encoding, code of another module would be asked for."""

    def __reduce__(self):
        import _codecs

        return _codecs.encode, ("text", "rot13")


@pytest.mark.parametrize("thing", [Harmful(), Sneaky(), {b"data": Harmful()}])
def test_a_file_that_would_run_code_is_refused_and_does_not(tmp_path, capfd, thing):
    tiny_cifar(tmp_path, "cifar100")
    (tmp_path / "cifar-100-python" / "train").write_bytes(pickle.dumps(thing, 2))
    with pytest.raises(ValueError, match="not allowed"):
        read_cifar(tmp_path, "cifar100")
    assert capfd.readouterr().out == ""


IMAGES = np.zeros((2, ROW), np.uint8)


@pytest.mark.parametrize(
    "stored",
    [
        b"nothing",
        pickle.dumps([1, 2], 2),
        pickle.dumps({b"data": IMAGES}, 2),
        pickle.dumps({b"data": IMAGES.astype(float), b"fine_labels": [0, 1]}, 2),
        pickle.dumps({b"data": IMAGES[:, 1:], b"fine_labels": [0, 1]}, 2),
        pickle.dumps({b"data": IMAGES, b"fine_labels": [0]}, 2),
        pickle.dumps({b"data": IMAGES, b"fine_labels": [0, 100]}, 2),
        pickle.dumps({b"data": IMAGES, b"fine_labels": [0, "1"]}, 2),
        pickle.dumps({b"data": IMAGES.tolist(), b"fine_labels": [0, 1]}, 2),
        pickle.dumps({b"data": IMAGES, b"fine_labels": [0, 1]}, 2)[:-200],
    ],
)
def test_what_is_no_cifar_file_is_refused_with_its_name(tmp_path, stored):
    tiny_cifar(tmp_path, "cifar100")
    (tmp_path / "cifar-100-python" / "train").write_bytes(stored)
    with pytest.raises(ValueError, match="train is not a CIFAR file"):
        read_cifar(tmp_path, "cifar100")
