"""The figure of learning curves."""

import numpy as np

from mmgb.trials.figure import learning_curves_figure
from mmgb.trials.trial import Setting, Trial

SETTINGS = {
    'base': Setting('acc', 'epoch', {}, [Trial(0, [(5, 10.0), (10, 20.0)]), Trial(1, [(5, 30.0), (10, 60.0)])]),
    'ours': Setting('acc', 'epoch', {}, [Trial(0, [(5, 50.0), (10, 70.0)])]),
}


def test_each_setting_is_drawn_with_its_median_error_quartiles_and_name():
    (axes,) = learning_curves_figure(SETTINGS).axes
    base, ours = axes.lines
    assert np.allclose(base.get_xydata(), [(5, 80), (10, 60)]) and np.allclose(ours.get_xydata(), [(5, 50), (10, 30)])
    band = axes.collections[0].get_paths()[0].vertices
    assert {75.0, 85.0, 50.0, 70.0} <= set(np.round(band[:, 1], 9))  # of 90 and 70, and of 80 and 40
    assert axes.get_xlabel() == 'epoch' and axes.get_ylabel() == '100 − acc (%)'
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ['base (n = 2)', 'ours (n = 1)']
