"""exp-GB with alpha 0.1 and targets {0, 16}, the settings of the gradient-boosting paper's Section 2.1 and Figure 1a.

Add this file to ``_base_`` and replace the cross-entropy of another base with
``model = dict(head=dict(loss=dict(_base_.exp_gb, _delete_=True)))``.
"""

exp_gb = dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))
