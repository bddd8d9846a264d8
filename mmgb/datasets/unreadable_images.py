"""Reaction to unreadable files of a sample: an error that names the file, or the next sample and a count."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from mmengine.fileio import get
from mmengine.logging import print_log

from mmgb.functional.errors import ConfigError
from mmgb.utils.image_decoding import decode_as_in_training, pillow_mode
from mmgb.utils.settings import check_integer

# Keys of a sample's info that hold paths, and the functions that decode such a file or raise an error.
DECODERS = {'img_path': decode_as_in_training, 'seg_map_path': pillow_mode}


class UnreadableImageError(ConfigError, OSError):
    """An image or label map can't be read; the tools end with its sentence instead of a traceback.

    PyTorch raises the error of a worker anew, with the worker's traceback in front of the message; it is removed.
    """

    def __init__(self, message: str = '') -> None:
        super().__init__(message.rpartition(f'{UnreadableImageError.__name__}: ')[2].rstrip())


class UnreadableImagePolicy:
    """Load samples, and raise an error or use the next sample if the image or label map of one can't be read.

    Args:
        on_error (str): ``'raise'`` or ``'skip'``.
        max_refetch (int): with ``'skip'``, number of consecutive failures that are tolerated.
        test_mode (bool): whether the samples are evaluated; ``'skip'`` would count some of them twice.
        fix (str): advice that the errors give.

    Attributes:
        num_skipped: number of samples that this process has skipped. Logged when it is 1, 2, 4, 8, ….

    Raises:
        ValueError: if a setting is invalid, or if ``test_mode`` forbids it.
    """

    def __init__(self, on_error: str, max_refetch: int, test_mode: bool, fix: str) -> None:
        if on_error not in ('raise', 'skip'):
            raise ConfigError(f"on_error={on_error!r}: expected 'raise' or 'skip'")
        if on_error == 'skip' and test_mode:
            raise ConfigError(
                "on_error='skip': expected 'raise' with test_mode=True, because skipping counts some images twice; "
                f'{fix}'
            )
        max_refetch = check_integer('max_refetch', max_refetch)
        if max_refetch < 0:
            raise ConfigError(f'max_refetch={max_refetch}: expected at least 0')
        self.on_error = on_error
        self.max_refetch = max_refetch
        self.fix = fix
        self.num_skipped = 0

    def load(
        self,
        sample: Callable[[int], Any],
        info: Callable[[int], Mapping],
        idx: int,
        length: int,
        check: str,
    ) -> Any:
        """Return ``sample(idx)``, or with ``'skip'`` the next sample whose files can be read.

        Args:
            sample (Callable): loads the sample of an index.
            info (Callable): returns the paths of a sample under the keys of :data:`DECODERS`.
            idx (int): index of the sample.
            length (int): number of samples; the first one follows the last.
            check (str): setting to check if too many consecutive samples are unreadable.

        Raises:
            UnreadableImageError: if a file can't be read, or with ``'skip'`` those of over ``max_refetch`` samples in a
                row.
            Exception: the error of ``sample``, if the files of the sample are intact.
        """
        for _ in range(self.max_refetch + 1):
            try:
                return sample(idx)
            except Exception as error:
                cause = unreadable_file(info(idx), error)
                if cause is None:
                    raise
                path, reason = cause
                if self.on_error == 'raise':
                    raise UnreadableImageError(
                        f"'{path}' can't be read ({reason}): replace it, {self.fix}, or set on_error='skip'"
                    ) from error
            self._count(path, reason)
            idx = (idx + 1) % length
        raise UnreadableImageError(
            f"{self.max_refetch + 1} consecutive images can't be read, the last is '{path}' ({reason}): check {check}"
        )

    def _count(self, path: str, reason: str) -> None:
        self.num_skipped += 1
        if self.num_skipped & (self.num_skipped - 1) == 0:  # a power of two
            print_log(
                f"Skipped '{path}', which can't be read ({reason}): image {self.num_skipped} skipped in this process",
                'current',
                logging.WARNING,
            )


def unreadable_file(info: Mapping, error: Exception) -> tuple[str, str] | None:
    """Return the path of the file that caused ``error`` in the pipeline of a sample, and how.

    Args:
        info (Mapping): paths of the sample under the keys of :data:`DECODERS`; other keys are ignored.
        error (Exception): error of the pipeline.

    Returns:
        A path and a reason, or None if the files are intact or the sample has none.
    """
    paths = {key: info[key] for key in DECODERS if isinstance(info.get(key), str)}
    for key, path in paths.items():
        try:
            DECODERS[key](get(path))
        except ConfigError as cause:
            return path, str(cause)
        except Exception as cause:  # the type depends on the file backend and the decoder
            return path, f'{type(cause).__name__}: {cause}'
    if paths and isinstance(error, OSError):  # from another decoder: Pillow's errors are OSErrors
        return next(iter(paths.values())), f'{type(error).__name__}: {error}'
    return None
