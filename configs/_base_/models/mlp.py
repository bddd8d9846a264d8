"""784-392-50-10 of the gradient-boosting paper's Table 1: ReLU, neither dropout nor batch norm; He initialisation."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.MLP', in_features=784, hidden_features=(392, 50), act_cfg=dict(type='ReLU')),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=50, loss=dict(type='CrossEntropyLoss')),
)
