"""Files of class names."""

from __future__ import annotations

from mmgb.functional.errors import ConfigError

MAX_DIGITS = 9  # of a class index


def read_class_names(content: bytes) -> tuple[str, ...]:
    """Parse a file with one class name per line, alone or followed by its class index as in ``/a/airfield 0``.

    Args:
        content (bytes): UTF-8 text; empty lines and a slash before a name are dropped. Numbers at the ends of all names
            are indices if a name has that slash, or if a number is 0 or 1; else they belong to the names, as the year
            of a car's model does.

    Raises:
        ValueError: if it isn't UTF-8, or if every line has another name and an index, and the indices aren't 0, 1, 2, …
            in this order. The message begins with the number of the line.
    """
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise ConfigError(f'line {line}: expected UTF-8, got byte 0x{content[error.start]:02x}') from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    names = [line.lstrip('/') for line in lines]
    parts = [name.rsplit(None, 1) for name in names]
    numbered = all(len(part) == 2 and part[1].isdecimal() for part in parts)
    if not numbered or len({part[0] for part in parts}) < len(parts):  # 'grade 0' and 'grade 1' are names
        return tuple(names)
    counted = any(len(number) <= MAX_DIGITS and int(number) <= 1 for _, number in parts)
    if not counted and not any(line.startswith('/') for line in lines):
        return tuple(names)
    for position, (_, index) in enumerate(parts):
        if len(index) > MAX_DIGITS or int(index) != position:
            raise ConfigError(f'line {position + 1}: expected class index {position}, got {index}')
    return tuple(name for name, _ in parts)
