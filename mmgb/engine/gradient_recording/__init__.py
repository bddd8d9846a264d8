"""Recording of gradients and activations in one training iteration, for ``GradientStatsHook``."""
