"""Reads what training and testing left behind, and draws it. Imports nothing of models, datasets or engine."""
