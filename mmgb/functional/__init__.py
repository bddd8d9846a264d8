"""The ground floor: what mmgb exists for, in plain PyTorch. Nothing here imports an OpenMMLab package."""
from .gb_loss import exp_gb_loss, pow3_gb_loss

__all__ = ['exp_gb_loss', 'pow3_gb_loss']
