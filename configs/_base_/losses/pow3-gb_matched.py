"""pow3-GB in the units of cross-entropy's logits, with beta at the negative target (docs/losses.md, "Matched units").

Add this file to ``_base_`` and replace the cross-entropy of another base with
``model = dict(head=dict(loss=dict(_base_.pow3_gb_matched, _delete_=True)))``. Learning rate, schedule and
initialisation of the config stay as they are. The units and beta are ours, not the paper's.
"""

pow3_gb_matched = dict(type='mmgb.Pow3GBLoss', matched=True)
