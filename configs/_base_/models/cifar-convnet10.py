"""All-convolutional, ten layers, the last one fully connected (the gradient-boosting paper, Figures 1b, 2, 3 and 5)."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.CifarConvNet', depth=10),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=360, loss=dict(type='CrossEntropyLoss')),
)
