"""Parts of a training run that OpenMMLab calls an engine: hooks, and the recording behind ``GradientStatsHook``."""
