from .gb_loss import ExpGBLoss, Pow3GBLoss

__all__ = ['ExpGBLoss', 'Pow3GBLoss']
