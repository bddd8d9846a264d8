"""Figures and tables of predictions."""
