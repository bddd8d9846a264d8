"""Functions shared by ``tools/train.py``, ``tools/test.py`` and the tools that build a config's model."""
