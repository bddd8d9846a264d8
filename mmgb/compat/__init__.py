"""Work around every known incompatibility of a host library, one function each.

The docstring of a function states what breaks, where upstream the problem is known, and when the function does nothing.
The tools call :func:`apply` before they import a host. ``import mmgb`` runs nothing of this package.
"""

from .checkpoint_reading import allow_checkpoint_globals, forbid_full_unpickling
from .checkpoint_writing import keep_checkpoints_until_replaced
from .config_scopes import inherit_configs_of_mmgb, map_mmseg_to_its_module
from .iteration_resuming import resume_by_skipping_in_the_sampler
from .mmcv_operators import replace_missing_mmcv_ops
from .pkg_resources_finder import provide_pkg_resources
from .sync_bn import revert_sync_bn_on_cpu


def apply():
    """Call every function of this package that works around a problem. A second call changes nothing."""
    provide_pkg_resources()
    map_mmseg_to_its_module()
    inherit_configs_of_mmgb()
    allow_checkpoint_globals()
    forbid_full_unpickling()
    replace_missing_mmcv_ops()
    resume_by_skipping_in_the_sampler()
    revert_sync_bn_on_cpu()
    keep_checkpoints_until_replaced()
