"""Memory-bound kernels for exp-GB and pow3-GB, and their dispatch.

A kernel module offers ``evaluate`` with the signature of :func:`.cpu_blocks.evaluate`: it computes the losses of a
:class:`mmgb.functional.losses.formula.BoostedFormula`, their gradient, or both. ``formula.kernel`` names the code that
is specialised for a formula: ``'exp_gb'`` or ``'pow3_gb'``.
"""
