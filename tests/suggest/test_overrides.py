"""Overrides have, merged by mmengine or as a config file, the effect of the change itself."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config

from mmgb.suggest.overrides import overrides_of, plain, render

NAMES = st.sampled_from(['a', 'b', 'loss', 'type', 'class', '0'])
LEAVES = st.one_of(st.integers(-3, 3), st.floats(0, 1), st.text('x"\'\\n', max_size=3), st.none(), st.booleans())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(NAMES, inner, min_size=1, max_size=3),
        st.lists(inner, max_size=2),
        st.lists(inner, max_size=2).map(tuple),
        st.dictionaries(st.sampled_from(['a.b', 'c-d']), inner, min_size=1, max_size=2),
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(value=st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
def test_rendered_text_is_the_value_in_lines_of_bounded_width(value):
    text, names = render('model', value), {}
    exec(text, {'dict': dict}, names)
    assert names['model'] == value and repr(names['model']) == repr(value)
    long = [line for line in text.splitlines() if len(line) > 100]
    assert all(line.count('=') + line.count(':') <= 1 for line in long)  # one entry that can't be broken


MODEL = dict(
    type='Net',
    head=dict(loss=dict(type='Old', weight=2, other=3), size=4),
    heads=[dict(loss=dict(type='Old', weight=5)), dict(loss=[dict(type='Old'), dict(type='Kept', x=1)])],
    bare=dict(type='Head'),
)
NEW = dict(type='New', weight=7)


def changed(*paths):
    model = copy.deepcopy(MODEL)
    for path in paths:
        node, *keys = model, *path.split('.')
        for key in keys[:-1]:
            node = node[int(key) if isinstance(node, list) else key]
        node[int(keys[-1]) if isinstance(node, list) else keys[-1]] = NEW
    return model


def test_overrides_replace_dicts_and_repeat_lists(tmp_path):
    paths = ['head.loss', 'heads.0.loss', 'heads.1.loss.0', 'bare.loss']
    overrides = overrides_of(MODEL, dict.fromkeys(paths, NEW))
    assert overrides['head'] == dict(loss=dict(_delete_=True, **NEW))
    assert overrides['bare'] == dict(loss=NEW)  # nothing to delete
    merged = Config(dict(model=copy.deepcopy(MODEL)))
    merged.merge_from_dict(dict(model=copy.deepcopy(overrides)))
    assert plain(merged.model) == changed(*paths)

    (tmp_path / 'base.py').write_text(render('model', MODEL), encoding='utf-8')
    (tmp_path / 'new.py').write_text(f"_base_ = 'base.py'\n{render('model', overrides)}\n", encoding='utf-8')
    assert plain(Config.fromfile(tmp_path / 'new.py').model) == changed(*paths)


def test_the_config_is_left_as_it_was():
    before = copy.deepcopy(MODEL)
    overrides_of(MODEL, {'heads.0.loss': NEW})['heads'][1]['loss'].clear()
    assert before == MODEL


def test_names_that_look_like_indices_or_keywords_are_names():
    model = dict(head=dict(tasks={'0': dict(loss=dict(type='Old')), 'class': dict(loss=dict(type='Old'))}))
    overrides = overrides_of(model, {f'head.tasks.{name}.loss': NEW for name in ('0', 'class')})
    names = {}
    exec(render('model', overrides), {'dict': dict}, names)
    merged = Config(dict(model=copy.deepcopy(model)))
    merged.merge_from_dict(names)
    assert plain(merged.model) == dict(head=dict(tasks={'0': dict(loss=NEW), 'class': dict(loss=NEW)}))
