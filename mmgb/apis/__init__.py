"""Building blocks shared by ``tools/train.py`` and ``tools/test.py``."""
