"""Heads, each file bound to one host: see :class:`mmgb.registry.HostBoundRegistry`."""
