"""Let configs inherit from onedl-mmsegmentation and from mmgb by scope."""

import functools
import importlib.util
from importlib import metadata


def map_mmseg_to_its_module():
    """Let ``_base_='mmseg::…'`` work with onedl-mmsegmentation.

    mmengine's ``MODULE2PACKAGE`` maps the scope to the distribution ``mmsegmentation`` and fails with "mmsegmentation
    is not installed". Mapped to the module name, the package is found under any distribution name. Does nothing if that
    distribution is installed, or if there is no mmseg.
    """
    if importlib.util.find_spec('mmseg') is None or _is_distribution('mmsegmentation'):
        return
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE['mmseg'] = 'mmseg'


def inherit_configs_of_mmgb():
    """Let ``_base_='mmgb::relay_bp/…/NAME.py'`` inherit a config of this package.

    mmengine knows the scopes of its own hosts only. It would also look up every type of the base in mmgb's registry;
    these configs name the types of their host, so the base gets no scope. Does nothing the second time.
    """
    from mmengine.config import Config

    from mmgb.utils.shipped_files import SCOPE, find_config

    of_hosts = Config._get_cfg_path
    if hasattr(of_hosts, '__wrapped__'):
        return

    @functools.wraps(of_hosts)
    def get_cfg_path(cfg_path, filename):
        return (find_config(cfg_path), None) if cfg_path.startswith(SCOPE) else of_hosts(cfg_path, filename)

    Config._get_cfg_path = staticmethod(get_cfg_path)


def _is_distribution(name):
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
