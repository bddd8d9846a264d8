import pytest

from mmgb.utils.markdown import replace_block


def test_block_is_replaced_between_its_lines_and_must_be_there_once():
    text = 'before\n<!-- t -->\nold\n<!-- /t -->\nafter\n'
    assert replace_block(text, 't', 'a \\1\n') == 'before\n<!-- t -->\na \\1\n<!-- /t -->\nafter\n'
    for broken in ('', text + text, text.replace('/t', '/u')):
        with pytest.raises(ValueError, match='expected one block from <!-- t -->'):
            replace_block(broken, 't', '')
