"""Repeated trainings: their schedule, file, statistics, tables and figure, and the experiments made of them."""
