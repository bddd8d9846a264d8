"""pow3-GB with the settings of the gradient-boosting paper's Section 2.2 and Figure 1a.

Add this file to ``_base_`` and replace the cross-entropy of another base with
``model = dict(head=dict(loss=dict(_base_.pow3_gb, _delete_=True)))``. The settings are the defaults of ``Pow3GBLoss``.
They fail with 1,000 classes; for training of your own take ``pow3-gb_matched.py``. Start at a twentieth of the learning
rate of cross-entropy (docs/RESULTS.md).
"""

pow3_gb = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0.0, 10.0))
