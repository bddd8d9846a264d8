"""YAML is read as text, and unknown or missing fields are refused."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.fields import check_fields, read_yaml


def test_scalars_stay_text_and_anchors_are_merged(tmp_path):
    (tmp_path / 'a.yml').write_text(
        'base: &base {lr: 5e-4, seeds: 3, norm: null}\nother: {<<: *base, seeds: 1.0, on: true, day: 2026-01-01}\n'
    )
    assert read_yaml(tmp_path / 'a.yml') == {
        'base': {'lr': '5e-4', 'seeds': '3', 'norm': 'null'},
        'other': {'lr': '5e-4', 'seeds': '1.0', 'norm': 'null', 'on': 'true', 'day': '2026-01-01'},
    }


@pytest.mark.parametrize(
    'text, message',
    [
        ('a: [1', "a.yml': expected YAML, got while parsing"),
        ('- a', "a.yml': expected a mapping, got list"),
        ('a: 1\na: 2', "a.yml': expected YAML, got the key 'a' twice"),
        (None, "a.yml': expected a file, got none"),
    ],
)
def test_another_file_is_refused(text, message, tmp_path):
    if text:
        (tmp_path / 'a.yml').write_text(text)
    with pytest.raises(ConfigError) as refusal:
        read_yaml(tmp_path / 'a.yml')
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    'fields, message',
    [
        ({'a': '1', 'c': '2'}, "x.c: expected one of a, b, got 'c'"),
        ({'b': '1'}, 'x: expected the field a, got b'),
        ({}, 'x: expected the field a, got none'),
        ('text', "x='text': expected a mapping of a, b"),
    ],
)
def test_unknown_and_missing_fields_are_refused(fields, message):
    check_fields({'a': '1'}, ('a', 'b'), ('a',), 'x')
    with pytest.raises(ConfigError) as refusal:
        check_fields(fields, ('a', 'b'), ('a',), 'x')
    assert message in str(refusal.value)
