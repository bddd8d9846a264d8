"""The boosted loss that the README recommends; start at a twentieth of cross-entropy's learning rate (docs/RESULTS.md).

The settings are those of the gradient-boosting paper's Figure 1a, and ``Pow3GBLoss``'s defaults. In a config of which
another base trains with cross-entropy: ``model = dict(head=dict(loss=dict(_base_.pow3_gb, _delete_=True)))``.
"""

pow3_gb = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0.0, 10.0))
