"""Test-time augmentation for segmentation by the probabilities of a boosted loss."""

from mmengine.structures import PixelData
from mmseg.models.segmentors import SegTTAModel
from mmseg.structures import SegDataSample

from mmgb.registry import MODELS

TINY = 1e-12  # keeps the logarithm of a probability finite


@MODELS.register_module()
class BoostedSegTTAModel(SegTTAModel):
    """``SegTTAModel`` that averages the probabilities of the decode head's loss, where the stock one averages softmax.

    With exp-GB and negative target 0 the two are the same; with pow3-GB they aren't. The decode head's (first) loss
    must be one of mmgb's.
    """

    def merge_preds(self, data_samples_list: list[list[SegDataSample]]) -> list[SegDataSample]:
        loss = self.module.decode_head.loss_decode
        loss = loss if hasattr(loss, 'probabilities') else loss[0]
        for views in data_samples_list:
            for view in views:
                # The stock model takes the softmax of what it gets, and softmax(log p) is p, scaled to sum 1.
                probabilities = loss.probabilities(view.seg_logits.data.unsqueeze(0)).squeeze(0)
                view.set_data(dict(seg_logits=PixelData(data=probabilities.clamp(min=TINY).log())))
        return super().merge_preds(data_samples_list)
