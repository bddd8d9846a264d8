"""Find the classes in each label map of an mmsegmentation data set, and cache the result in a file."""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mmcv
import numpy as np
from mmengine import fileio
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.logging import print_log

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.errors import one_line
from mmgb.utils.image_decoding import check_label_map
from mmgb.utils.progress import Progress

from .array_files import read_npz

VALUES = 256  # mmsegmentation reads label maps as uint8
IGNORED = 255  # to which mmsegmentation's own mappings set ignored pixels
UNKNOWN_STATE = (-1, -1)
CACHE_VERSION = 2  # 1, without a field `version`, also stored label maps of several channels


def class_sets(dataset: Any, num_classes: int, cache: str | None = None) -> list[np.ndarray]:
    """Return the classes in each label map as training sees them.

    Applies ``reduce_zero_label`` and ``label_map`` in mmsegmentation's order and leaves out ``ignore_index`` and 255.
    In a distributed run the main process scans the label maps and broadcasts the result.

    Args:
        dataset: a ``BaseSegDataset`` of mmsegmentation.
        num_classes (int): number of classes.
        cache (str | None): cache file; see :func:`scan_label_maps`.

    Returns:
        The sorted class indices of each sample; an empty array if all its pixels are ignored.

    Raises:
        ValueError: if a sample has no label map, a label map can't be read or has several channels, or a label is
            outside the classes.
    """
    paths = [dataset.get_data_info(index).get('seg_map_path') for index in range(len(dataset))]
    if None in paths:
        raise ConfigError(
            f'sample {paths.index(None)} of {type(dataset).__name__} has no label map to find its classes in: set '
            'data_prefix.seg_map_path'
        )
    found = [None]
    if is_main_process():
        try:
            found = [scan_label_maps(paths, cache, dataset.backend_args)]
        except Exception as error:  # of any type: the other processes wait for a result
            found = [error]
    broadcast_object_list(found)
    if isinstance(found[0], Exception):
        raise found[0]

    trained_as = training_values(dataset.reduce_zero_label, dataset.label_map)
    sets = []
    for path, shown in zip(paths, found[0]):
        classes = np.setdiff1d(trained_as[shown], [IGNORED, dataset.ignore_index])
        if len(classes) and classes[-1] >= num_classes:
            raise ConfigError(f"label {classes[-1]} in '{path}': expected a class index from 0 to {num_classes - 1}")
        sets.append(classes)
    return sets


def training_values(reduce_zero_label: bool, label_map: dict | None) -> np.ndarray:
    """Return the (256,) labels to which mmsegmentation's ``LoadAnnotations`` maps the values of a label map."""
    values = np.arange(VALUES)
    if reduce_zero_label:
        values = np.where((values == 0) | (values == IGNORED), IGNORED, values - 1)
    mapping = np.arange(VALUES)
    for old, new in (label_map or {}).items():
        if 0 <= old < VALUES:  # no pixel has another value
            mapping[old] = new
    return mapping[values]


def scan_label_maps(paths: list[str], cache: str | None = None, backend_args: dict | None = None) -> np.ndarray:
    """Return which values occur in each label map.

    Reads only label maps whose size or modification time differs from the cache. Logs a warning if the cache is damaged
    or of another format, which is then replaced, or if it can't be written.

    Args:
        paths (list[str]): N label maps.
        cache (str | None): cache file, which several lists of the same data may share. Default: None, a file
            ``FOLDER.class_sets.npz`` next to the folder of label maps.
        backend_args (dict | None): arguments of mmengine's file backend.

    Returns:
        (N, 256) bool.
    """
    folder = os.path.commonpath([os.path.dirname(path) for path in paths])
    cache = Path(cache or f'{folder}.class_sets.npz').expanduser()
    names = [os.path.relpath(path, cache.parent) for path in paths]
    states = dict(zip(names, map(_file_state, paths)))
    known = _read_cache(cache)
    changed = {
        name: path
        for name, path in zip(names, paths)
        if states[name] == UNKNOWN_STATE or known.get(name, (None,))[0] != states[name]
    }
    if changed:
        print_log(f'Reading the classes of {len(changed)} label maps', 'current')
        # Decoding an image releases Python's lock, so threads run in parallel.
        with Progress(len(changed), 'label maps') as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
            values = pool.map(lambda path: _read_values(path, backend_args), changed.values())
            for name, shown in zip(changed, values):
                known[name] = (states[name], np.packbits(shown))
                progress.update()
        _write_cache(cache, known)
    return np.unpackbits([known[name][1] for name in names], axis=1).astype(bool)


def _file_state(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:  # on a remote backend, or missing
        return UNKNOWN_STATE
    return found.st_size, found.st_mtime_ns


def _read_values(path: str, backend_args: dict | None) -> np.ndarray:
    try:
        label_map = mmcv.imfrombytes(fileio.get(path, backend_args=backend_args), flag='unchanged', backend='pillow')
    except (OSError, ValueError) as error:
        raise ConfigError(f"label map '{path}' can't be read ({type(error).__name__})") from error
    try:
        check_label_map(label_map)
    except ConfigError as error:
        raise ConfigError(f"label map '{path}': {error}") from error
    shown = np.zeros(VALUES, dtype=bool)
    shown[label_map.astype(np.uint8)] = True
    return shown


def _read_cache(cache: Path) -> dict[str, tuple[tuple[int, int], np.ndarray]]:
    """Return {name: (state, packed values)}; an empty dict if the file is missing, damaged or of another format."""
    try:
        arrays = read_npz(cache, ('names', 'states', 'values', 'version'))
        _check_cache(**arrays)
    except FileNotFoundError:
        return {}
    except (OSError, ConfigError) as error:
        print_log(
            f"label_cache='{cache}' is ignored, and all label maps are read again: {one_line(error)}",
            'current',
            logging.WARNING,
        )
        return {}
    states = map(tuple, arrays['states'].tolist())
    return dict(zip(arrays['names'].tolist(), zip(states, arrays['values'])))


def _check_cache(names: np.ndarray, states: np.ndarray, values: np.ndarray, version: np.ndarray) -> None:
    """Check that these are the arrays of :func:`_write_cache`."""
    count = len(names) if names.ndim == 1 else 0
    found = [(array.dtype.kind, array.shape) for array in (names, states, values, version)]
    expected = [('U', (count,)), ('i', (count, 2)), ('u', (count, VALUES // 8)), ('i', ())]
    if found != expected or values.dtype != np.uint8 or version != CACHE_VERSION:
        raise ConfigError(f'expected a cache of version {CACHE_VERSION}, got arrays of kinds and shapes {found}')


def _write_cache(cache: Path, known: dict[str, tuple[tuple[int, int], np.ndarray]]) -> None:
    states, values = zip(*known.values())
    try:
        with atomic_write(cache, 'wb') as file:
            np.savez_compressed(file, names=list(known), states=states, values=values, version=CACHE_VERSION)
    except OSError as error:
        print_log(
            f"label_cache='{cache}' can't be written ({error.strerror}), so every start reads the label maps again; "
            'name a file in a writable folder',
            'current',
            logging.WARNING,
        )
