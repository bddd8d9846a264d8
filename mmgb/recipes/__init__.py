"""Check of a training recipe: a few steps of a config as it is, on real or made images."""
