"""The registered weight initialisers."""

from .fit_prior import FitPrior

__all__ = ['FitPrior']
