"""exp-GB in the units of cross-entropy's logits (docs/losses.md, "Matched units").

Add this file to ``_base_`` and replace the cross-entropy of another base with
``model = dict(head=dict(loss=dict(_base_.exp_gb_matched, _delete_=True)))``. Learning rate, schedule and initialisation
of the config stay as they are. The units are ours, not the paper's.
"""

exp_gb_matched = dict(type='mmgb.ExpGBLoss', matched=True)
