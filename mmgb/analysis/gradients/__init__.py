"""Summaries, tables and figures of the gradients that GradientStatsHook recorded."""
