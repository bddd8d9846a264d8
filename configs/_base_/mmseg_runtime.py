"""Runtime settings of every segmentation config: scope, seed, hooks, logging and visualisation. Epoch-based."""

default_scope = 'mmseg'
randomness = dict(seed=0)
env_cfg = dict(
    cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0), dist_cfg=dict(backend='nccl')
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=True)
log_level = 'INFO'
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='SegVisualizationHook'),
)
# The first checks the number of classes against the data before the first step. The second stops training when the loss
# is not finite or the scores explode; its message names the iteration and the largest scores. The third makes a resumed
# training equal to an uninterrupted one.
custom_hooks = [
    dict(type='mmgb.CheckClassCountHook'),
    dict(type='mmgb.CheckInvalidLossHook'),
    dict(type='mmgb.ExactResumeHook'),
]
load_from = None
resume = False
tta_model = dict(type='SegTTAModel')
