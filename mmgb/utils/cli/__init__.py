"""Command-line arguments and exit codes shared by all tools."""
