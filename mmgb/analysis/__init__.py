"""Tables, figures and summaries of logs, test results and trained networks.

This package imports nothing from models/, datasets/ and engine/.
"""
