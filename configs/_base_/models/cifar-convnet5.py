"""Four convolutions and an affine layer, batch norm in front of each ReLU (the gradient-boosting paper, Figure 1a)."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.CifarConvNet', depth=5),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=8192, loss=dict(type='CrossEntropyLoss')),
)
