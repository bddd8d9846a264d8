"""Helpers without a subject of their own: errors, options, files, progress."""
