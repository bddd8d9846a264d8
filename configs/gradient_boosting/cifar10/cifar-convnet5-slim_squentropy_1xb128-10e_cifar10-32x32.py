# A modern baseline of the boosted losses: softmax whose wrong scores are held near 0 by their mean square.
# Hui, Belkin and Wright 2023, Cut your Losses with Squentropy.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(head=dict(loss=dict(_delete_=True, type='mmgb.SquentropyLoss')))
