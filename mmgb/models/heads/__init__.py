"""Heads of mmsegmentation and mmpretrain. Each file needs one host: see :class:`mmgb.registry.HostBoundRegistry`."""
