"""Brings weights of other frameworks in: reads their files, maps their layers. Imports numpy alone."""
