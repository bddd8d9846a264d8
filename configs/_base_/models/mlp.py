"""Fully connected network 784-392-50-10 with ReLU, the network of Table 1 of the gradient-boosting paper.

As in the paper it has neither dropout nor batch norm. The He initialisation is our choice.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.MLP', in_features=784, hidden_features=(392, 50), act_cfg=dict(type='ReLU')),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=50, loss=dict(type='CrossEntropyLoss')),
)
