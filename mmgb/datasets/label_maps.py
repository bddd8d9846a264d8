"""Which classes each image of an mmsegmentation data set shows: a scan of its label maps, kept in a file."""

from __future__ import annotations

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import BadZipFile

import mmcv
import numpy as np
from mmengine import fileio
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.logging import print_log

from mmgb.functional.errors import ConfigError

VALUES = 256  # mmsegmentation reads label maps as uint8
LEFT_OUT = 255  # what mmsegmentation's own mappings make of a pixel that is to be ignored
UNKNOWN_STATE = (-1, -1)


def class_sets(dataset, num_classes: int, cache: str | None = None) -> list[np.ndarray]:
    """The classes that each label map shows, as training sees them.

    ``reduce_zero_label`` and ``label_map`` are applied in mmsegmentation's order; the data set's ``ignore_index``,
    and 255, are no classes. In a distributed run the first process scans and the others are told.

    Args:
        dataset: a ``BaseSegDataset`` of mmsegmentation.
        num_classes: label values from here on are refused.
        cache: see :func:`scan_label_maps`.

    Returns:
        For each sample the sorted class indices, an empty array where all of it is ignored.

    Raises:
        ValueError: for a sample without a label map, a map that can't be read, or a label outside the classes.
    """
    paths = [dataset.get_data_info(index).get('seg_map_path') for index in range(len(dataset))]
    if None in paths:
        raise ConfigError(
            f'sample {paths.index(None)} of {type(dataset).__name__} has no label map, so its classes '
            "aren't known: set data_prefix.seg_map_path"
        )
    found = [None]
    if is_main_process():
        try:
            found = [scan_label_maps(paths, cache, dataset.backend_args)]
        except Exception as error:  # the other processes wait for an answer, whatever it is
            found = [error]
    broadcast_object_list(found)
    if isinstance(found[0], Exception):
        raise found[0]

    trained_as = training_values(dataset.reduce_zero_label, dataset.label_map)
    sets = []
    for path, shown in zip(paths, found[0]):
        classes = np.setdiff1d(trained_as[shown], [LEFT_OUT, dataset.ignore_index])
        if len(classes) and classes[-1] >= num_classes:
            raise ConfigError(
                f"label {classes[-1]} in '{path}' is outside the {num_classes} classes, 0 to {num_classes - 1}"
            )
        sets.append(classes)
    return sets


def training_values(reduce_zero_label: bool, label_map: dict | None) -> np.ndarray:
    """(256,) what mmsegmentation's ``LoadAnnotations`` makes of each value of a label map."""
    values = np.arange(VALUES)
    if reduce_zero_label:
        values = np.where((values == 0) | (values == LEFT_OUT), LEFT_OUT, values - 1)
    mapping = np.arange(VALUES)
    for old, new in (label_map or {}).items():
        mapping[old] = new
    return mapping[values]


def scan_label_maps(paths: list[str], cache: str | None = None, backend_args: dict | None = None) -> np.ndarray:
    """Which values stand in each label map. Reads only those whose size or time of change isn't the cached one.

    Args:
        paths: N label maps.
        cache: file that keeps the answers, shared by all lists of the same data; None stands for one beside the
            folder in which the label maps lie, named after it. If it can't be written, a warning says so.

    Returns:
        (N, 256) bool.
    """
    cache = Path(cache or f'{os.path.commonpath([os.path.dirname(path) for path in paths])}.class_sets.npz')
    names = [os.path.relpath(path, cache.parent) for path in paths]
    states = dict(zip(names, map(_state, paths)))
    known = _read(cache)
    changed = {
        name: path
        for name, path in zip(names, paths)
        if states[name] == UNKNOWN_STATE or known.get(name, (None,))[0] != states[name]
    }
    if changed:
        print_log(f'Reading the classes of {len(changed)} label maps', 'current')
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # decoding a picture lets other threads run
            values = pool.map(lambda path: _values(path, backend_args), changed.values())
            for done, (name, shown) in enumerate(zip(changed, values), 1):
                known[name] = (states[name], np.packbits(shown))
                _show(f'{done}/{len(changed)}')
        _show('')
        _write(cache, known)
    return np.unpackbits([known[name][1] for name in names], axis=1).astype(bool)


def _show(text: str) -> None:
    """Progress, on one line of the terminal."""
    if sys.stderr.isatty():
        print(f'\r\x1b[K{text}', end='', file=sys.stderr, flush=True)


def _state(path: str) -> tuple[int, int]:
    try:
        found = os.stat(path)
    except OSError:  # on a remote backend, or absent
        return UNKNOWN_STATE
    return found.st_size, found.st_mtime_ns


def _values(path: str, backend_args: dict | None) -> np.ndarray:
    try:
        label_map = mmcv.imfrombytes(fileio.get(path, backend_args=backend_args), flag='unchanged', backend='pillow')
    except (OSError, ValueError) as error:
        raise ConfigError(f"label map '{path}' can't be read ({type(error).__name__})") from error
    shown = np.zeros(VALUES, dtype=bool)
    shown[label_map.astype(np.uint8)] = True
    return shown


def _read(cache: Path) -> dict[str, tuple[tuple[int, int], np.ndarray]]:
    """{name: (state, packed values)} of a cache file; of one that is absent or damaged, nothing."""
    try:
        with open(cache, 'rb') as opened, np.load(opened, allow_pickle=False) as file:
            return {
                name: (tuple(state), shown)
                for name, state, shown in zip(file['names'].tolist(), file['states'].tolist(), file['values'])
            }
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def _write(cache: Path, known: dict[str, tuple[tuple[int, int], np.ndarray]]) -> None:
    states, values = zip(*known.values())
    unfinished = cache.with_name(f'{cache.name}.{os.getpid()}.npz')
    try:
        np.savez_compressed(unfinished, names=list(known), states=states, values=values)
        os.replace(unfinished, cache)
    except OSError as error:
        print_log(
            f"label_cache='{cache}' can't be written ({error.strerror}), so the label maps are read again at "
            'every start: name another file',
            'current',
            logging.WARNING,
        )
