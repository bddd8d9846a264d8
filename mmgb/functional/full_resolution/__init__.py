"""Losses and accuracies of bilinearly enlarged scores, computed without the enlarged scores."""
