"""Repeated trainings: their file, schedule, statistics, tables and figure."""
