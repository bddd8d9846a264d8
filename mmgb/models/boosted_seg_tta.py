"""Test-time augmentation of segmentation with the probabilities of a boosted loss."""

from mmengine.structures import PixelData
from mmseg.models.segmentors import SegTTAModel
from mmseg.structures import SegDataSample

from mmgb.registry import MODELS

from .probability_logits import softmax_logits


@MODELS.register_module()
class BoostedSegTTAModel(SegTTAModel):
    """``SegTTAModel`` that averages the loss's probabilities over the augmented views instead of softmax.

    Both averages are equal for exp-GB with negative target 0; for pow3-GB they differ. The loss of the decode head, or
    the first loss of its list, must be one of mmgb's.
    """

    def merge_preds(self, data_samples_list: list[list[SegDataSample]]) -> list[SegDataSample]:
        """Merge the predictions of each image's views.

        Args:
            data_samples_list: one list per image, with one sample per view that holds ``seg_logits`` (C, H, W).

        Returns:
            One sample per image with the merged ``pred_sem_seg``.
        """
        loss = self.module.decode_head.loss_decode
        loss = loss if hasattr(loss, 'probabilities') else loss[0]
        for views in data_samples_list:
            for view in views:
                logits = softmax_logits(loss, view.seg_logits.data.unsqueeze(0)).squeeze(0)
                view.set_data(dict(seg_logits=PixelData(data=logits)))
        return super().merge_preds(data_samples_list)
