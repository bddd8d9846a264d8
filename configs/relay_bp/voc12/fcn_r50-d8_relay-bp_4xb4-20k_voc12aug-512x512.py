"""FCN-R50 of mmsegmentation with its auxiliary head as a relay. Not in the papers.

Both losses update stage 3, and the primary loss updates nothing below it: our choice.
"""

_base_ = '../../gradient_boosting/voc12/fcn_r50-d8_softmax_4xb4-20k_voc12aug-512x512.py'
model = dict(
    _delete_=True,
    type='mmgb.RelayBP',
    model=dict(_base_.model, auxiliary_head=None),
    # The auxiliary head receives only the output of its source. Its loss keeps its own weight, 0.4.
    auxiliaries=[dict(source='backbone.layer3', head=dict(_base_.model.auxiliary_head, in_index=0), loss_weight=1.0)],
    primary_lowest='backbone.layer3.0',
    propagation='relay',
)
