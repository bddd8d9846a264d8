"""Evaluator metrics."""

from .calibration_error import CalibrationError

__all__ = ['CalibrationError']
