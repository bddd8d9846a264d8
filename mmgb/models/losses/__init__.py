from .gb_loss import ExpGBLoss, Pow3GBLoss
from .mirrored_exp_gb import MirroredExpGBLoss
from .squared_error import SquaredErrorLoss

__all__ = ['ExpGBLoss', 'MirroredExpGBLoss', 'Pow3GBLoss', 'SquaredErrorLoss']
