"""Decide which losses of a model config a boosted loss may replace, and say why the others stay.

A boosted loss fits free linear outputs to the probabilities of classes. Cross-entropy is replaced where its head gives
such outputs. Where the host applies it to something else, such as similarities, it stays.
"""

from __future__ import annotations

from mmgb.apis.config import type_name

from .find_losses import Loss

REPLACED = ('CrossEntropyLoss', 'LabelSmoothLoss', 'OhemCrossEntropy')
DISTILLING_HEADS = ('EfficientFormerClsHead', 'LeViTClsHead')  # unless they are told not to

_SIMILARITIES = 'scores by similarities over a temperature, against the batch'
_PIXELS = 'reconstructs pixels'
_FEATURES = 'compares features'
_TEXT = 'generates text with a language model'
_VALUE = 'estimates a value: no classes'

# The sentences of docs/heads.yml, which has measurements and further obstacles beside some.
KEPT_HEADS = {
    'ArcFaceClsHead': 'scores by cosines times a scale, not by free linear outputs',
    'CAEHead': 'predicts features and tokens by a loss of its own',
    'ContrastiveHead': _SIMILARITIES,
    'GroundingHead': 'predicts boxes from text',
    'ITCHead': _SIMILARITIES,
    'LatentCrossCorrelationHead': _FEATURES,
    'LatentPredictHead': _FEATURES,
    'LinearRegressionHead': _VALUE,
    'MAEPretrainHead': _PIXELS,
    'MIMHead': 'reconstructs features',
    'MixMIMPretrainHead': _PIXELS,
    'MoCoV3Head': _SIMILARITIES,
    'RegressionHead': _VALUE,
    'STDCHead': 'has two classes of its own',  # boundary and interior, whatever the classes of the data are
    'SeqGenerationHead': _TEXT,
    'SideAdapterCLIPHead': 'classifies masks, not pixels',
    'SimMIMHead': _PIXELS,
    'SparKPretrainHead': _PIXELS,
    'SwAVHead': 'assigns clusters by a loss of its own',
    'VPDDepthHead': 'estimates depth: no classes',
    'VQAGenerationHead': _TEXT,
    'iTPNClipHead': _FEATURES,
}


def reason_to_keep(loss: Loss) -> str | None:
    """Return why a loss is not replaced, None if it is."""
    if type_name(loss.config) not in REPLACED:
        return 'it is no cross-entropy'
    reason = next((KEPT_HEADS[name] for name in loss.head_types if name in KEPT_HEADS), None)
    if loss.has_head(DISTILLING_HEADS) and loss.head.get('distillation', True):
        reason = 'cannot be trained by the host with any loss: needs distillation=False'
    elif loss.head.get('out_channels') == 1:
        reason = 'has one output channel'
    return reason and f'its head {reason}'
