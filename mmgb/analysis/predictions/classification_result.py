"""Reads what ``tools/test.py --out FILE.pkl`` wrote of a classifier's predictions."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from mmgb.functional.errors import ConfigError

# What a pickle of mmpretrain's data samples names: tensors, and numpy's numbers and arrays (1.x and 2.x).
ALLOWED = {
    ('collections', 'OrderedDict'),
    ('torch._utils', '_rebuild_tensor_v2'),
    ('torch', 'Size'),
    ('numpy', 'ndarray'),
    ('numpy', 'dtype'),
}
ALLOWED |= {
    (f'numpy.{package}.{module}', name)
    for package in ('core', '_core')
    for module, name in (('multiarray', '_reconstruct'), ('multiarray', 'scalar'), ('numeric', '_frombuffer'))
}
# Tensors and bytes, as old pickle protocols have them, by functions that do no more than that.
REPLACED = {
    ('torch.storage', '_load_from_bytes'): lambda data: torch.load(io.BytesIO(data), weights_only=True),
    ('_codecs', 'encode'): lambda text, encoding: text.encode('latin1'),
}


class ClassificationResult(NamedTuple):
    """Attributes:
    images: what names each of the N images: its path or, without one, its position in the data set.
    scores: (N, C) float32.
    labels: the labels of each image, or None if it is a test set without labels.
    """

    images: list[str]
    scores: np.ndarray
    labels: list[tuple[int, ...]] | None


class _ResultUnpickler(pickle.Unpickler):
    """Reads tensors and numbers and runs no code that a file brings along."""

    def find_class(self, module, name):
        if (module, name) in REPLACED:
            return REPLACED[module, name]
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f'it asks for {module}.{name}')
        return super().find_class(module, name)


def read_samples(path: Path) -> list[dict]:
    """The data samples in ``path``, as mmengine's ``DumpResults`` wrote them: a dict for each image.

    Raises:
        FileNotFoundError: if ``path`` isn't a file.
        ValueError: if it holds something else, or if reading it could run code.
    """
    if not path.is_file():
        raise FileNotFoundError(f"'{path}' is not a file")
    try:
        with open(path, 'rb') as file:
            samples = _ResultUnpickler(file).load()
    except pickle.UnpicklingError as error:
        raise ConfigError(f"'{path}' can't be read as a test result: {error}") from error
    except (AttributeError, EOFError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ConfigError(f"'{path}' is no pickle of a test result ({type(error).__name__})") from error
    if not isinstance(samples, list) or not samples or not all(isinstance(sample, dict) for sample in samples):
        raise ConfigError(f"'{path}' holds no list of predictions, as tools/test.py --out writes for mmpretrain")
    return samples


def classification_result(samples: list[dict], name: str) -> ClassificationResult:
    """The arrays of the test result ``name``.

    Raises:
        ValueError: if a sample has no ``pred_score``, another number of classes than the first, a score
            that is no number, or no labels where the first has some.
    """
    images, scores, labels = [], [], []
    for index, sample in enumerate(samples):
        image = image_name(sample, index)
        if not isinstance(sample.get('pred_score'), torch.Tensor):
            raise ConfigError(f"'{name}': image '{image}' has no pred_score, but {', '.join(map(str, sample))}")
        scores.append(sample['pred_score'].detach().float().numpy())
        if scores[-1].shape != scores[0].shape or not np.isfinite(scores[-1]).all():
            raise ConfigError(
                f"'{name}': the pred_score of image '{image}' has the shape {scores[-1].shape} and "
                f'{np.isfinite(scores[-1]).sum()} finite values; expected {scores[0].shape}, all finite'
            )
        if ('gt_label' in sample) != ('gt_label' in samples[0]):
            raise ConfigError(f"'{name}': of the images '{images[0]}' and '{image}' one has a gt_label, one has none")
        images.append(image)
        if 'gt_label' in sample:
            labels.append(tuple(torch.as_tensor(sample['gt_label']).flatten().tolist()))
    return ClassificationResult(images, np.stack(scores), labels or None)


def image_name(sample: Mapping, index: int) -> str:
    return str(sample.get('img_path') or f'sample {sample.get("sample_idx", index)}')


def check_same_images(results: Mapping[str, ClassificationResult]) -> None:
    """Refuse results, by name, of other images, labels or classes than the first one's.

    Raises:
        ValueError: with the names of both and the first difference.
    """
    (first, expected), *others = results.items()
    for name, result in others:
        for what, ours, theirs in (
            ('images', len(expected.images), len(result.images)),
            ('classes', expected.scores.shape[1:], result.scores.shape[1:]),
        ):
            if ours != theirs:
                raise ConfigError(f"'{first}' and '{name}' are of different {what}: {ours} and {theirs}")
        for what, ours, theirs in (
            ('images', expected.images, result.images),
            ('labels', expected.labels, result.labels),
        ):
            if ours != theirs:
                index = next((i for i, pair in enumerate(zip(ours or (), theirs or ())) if pair[0] != pair[1]), None)
                shown = (
                    'one has labels, one has none'
                    if index is None
                    else (f'number {index} (from 0) is {ours[index]} and {theirs[index]}')
                )
                raise ConfigError(f"'{first}' and '{name}' are of different {what}: {shown}")
