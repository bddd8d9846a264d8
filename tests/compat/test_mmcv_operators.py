import pytest

from mmgb.compat import mmcv_operators


def test_a_missing_operator_raises_only_when_it_is_called():
    operators = mmcv_operators._load_absent_ext('_ext', ['nms', 'roi_align_forward'])
    with pytest.raises(NotImplementedError, match="'roi_align_forward' is compiled code of mmcv"):
        operators.roi_align_forward(1, x=2)


@pytest.mark.slow
def test_mmcv_lite_2_1_itself_fails_where_mmsegmentation_imports_its_operators(unpatched_originals):
    """Once it doesn't, `replace_missing_mmcv_ops` goes."""
    assert unpatched_originals['mmcv.ops'] == "No module named 'mmcv._ext'"
