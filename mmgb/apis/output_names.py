"""Check that the files of a test have names of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmgb.functional.errors import ConfigError


def check_output_names(dataset: Any, option: str) -> None:
    """Check that no two images of a data set have the same file name.

    Both hosts name the files of predictions and pictures by the file name of the image, whatever its folder, and
    overwrite what is there. Data sets without image files are not checked.

    Args:
        dataset (Any): data set of the test.
        option (str): option of the tool that writes the files, for the error message.

    Raises:
        ConfigError: if two images share a name; the message has both.
    """
    if not hasattr(dataset, 'get_data_info'):
        return
    paths: dict[str, str] = {}
    for index in range(len(dataset)):
        path = dataset.get_data_info(index).get('img_path')
        if path is None:
            return
        other = paths.setdefault(Path(path).stem, path)
        if other != path:
            raise ConfigError(
                f"{option}: expected images of different names, by which the host names its files, got '{other}' and "
                f"'{path}'; test their folders one by one"
            )
