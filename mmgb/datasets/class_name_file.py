"""Files of class names."""

from __future__ import annotations

from mmgb.functional.errors import ConfigError


def read_class_names(content: bytes) -> tuple[str, ...]:
    """Parse a file with one class name per line, alone or followed by its class index as in ``/a/airfield 0``.

    Args:
        content (bytes): UTF-8 text; empty lines and a slash before a name are dropped.

    Raises:
        ValueError: if every line has an index and these aren't 0, 1, 2, … in this order. The message begins with the
            number of the line.
    """
    names = [line.strip().lstrip('/') for line in content.decode('utf-8-sig').splitlines() if line.strip()]
    parts = [name.rsplit(None, 1) for name in names]
    if not all(len(part) == 2 and part[1].isdecimal() for part in parts):
        return tuple(names)
    for position, (_, index) in enumerate(parts):
        if int(index) != position:
            raise ConfigError(f'line {position + 1}: expected class index {position}, got {index}')
    return tuple(name for name, _ in parts)
