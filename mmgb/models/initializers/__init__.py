from .fit_prior import FitPrior

__all__ = ['FitPrior']
