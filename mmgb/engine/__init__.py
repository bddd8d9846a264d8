"""What runs a config: the parts that ``tools/train.py`` and ``tools/test.py`` share.

Pure functions over an mmengine ``Config`` first. Nothing is imported here: a tool calls
:func:`mmgb.compat.apply` before it imports one of these modules.
"""
