"""Find the configs and tools that belong to mmgb, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SCOPE = 'mmgb::'


def shipped_files(package: Path = PACKAGE) -> Path:
    """Return the folder that holds ``configs`` and ``tools``.

    It is ``mmgb/.mim`` in an installation, where OpenMMLab's package manager looks for them, else the checkout.

    Args:
        package (Path): folder of the package. Default: that of mmgb.
    """
    mim = package / '.mim'
    return mim if mim.is_dir() else package.parent


def find_config(path: str | Path) -> str:
    """Return the file of a config of this package, ``mmgb::FAMILY/…/NAME.py``; any other path as it is."""
    name = str(path)
    return str(shipped_files() / 'configs' / name.removeprefix(SCOPE)) if name.startswith(SCOPE) else name
