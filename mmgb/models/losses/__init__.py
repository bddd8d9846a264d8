"""The registered losses: thin classes that call the functions of :mod:`mmgb.functional`."""

from .exp_gb import ExpGBLoss
from .mirrored_exp_gb import MirroredExpGBLoss
from .pow3_gb import Pow3GBLoss
from .squared_error import SquaredErrorLoss
from .squentropy import SquentropyLoss

__all__ = ['ExpGBLoss', 'MirroredExpGBLoss', 'Pow3GBLoss', 'SquaredErrorLoss', 'SquentropyLoss']
