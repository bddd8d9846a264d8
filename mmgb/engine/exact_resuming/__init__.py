"""The parts of :class:`mmgb.engine.hooks.ExactResumeHook`."""
