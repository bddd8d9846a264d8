"""Parts of a run that OpenMMLab calls an engine: hooks, loops, and the recording behind ``GradientStatsHook``."""
