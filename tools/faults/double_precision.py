"""A hook that trains in double precision; imported by configs."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class DoublePrecisionHook(Hook):
    """Convert a segmentation model, and the images that its backbone receives, to float64."""

    def before_train(self, runner):
        runner.model.double()  # in place, so the optimizer keeps its parameters
        runner.model.backbone.register_forward_pre_hook(lambda backbone, images: (images[0].double(),))
