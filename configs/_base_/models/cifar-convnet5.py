"""Five-layer CIFAR-10 network of Figure 1a of the gradient-boosting paper: four convolutions and an affine layer.

Batch norm comes before each ReLU. The paper does not give the layer widths; these are our choice.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.CifarConvNet', depth=5),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=8192, loss=dict(type='CrossEntropyLoss')),
)
