"""Figures and tables of recorded gradients."""
