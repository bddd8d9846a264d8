from .gb_loss import ExpGBLoss, Pow3GBLoss
from .mirrored_exp_gb import MirroredExpGBLoss
from .squared_error import SquaredErrorLoss
from .squentropy import SquentropyLoss

__all__ = ['ExpGBLoss', 'MirroredExpGBLoss', 'Pow3GBLoss', 'SquaredErrorLoss', 'SquentropyLoss']
