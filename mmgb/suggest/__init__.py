"""``python -m mmgb.suggest CONFIG``: what to change in a config of OpenMMLab to train it with a method of mmgb."""
