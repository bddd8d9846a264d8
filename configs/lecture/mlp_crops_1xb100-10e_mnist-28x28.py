"""Random crops of the padded image; --tta averages eight of them in testing (lecture, page 5)."""

_base_ = './mlp_base_1xb100-10e_mnist-28x28.py'
train_pipeline = [dict(type='RandomCrop', crop_size=28, padding=2), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
tta_model = dict(type='AverageClsScoreTTA')
tta_pipeline = [
    dict(
        type='TestTimeAug',
        transforms=[[dict(type='RandomCrop', crop_size=28, padding=2) for _ in range(8)], [dict(type='PackInputs')]],
    )
]
