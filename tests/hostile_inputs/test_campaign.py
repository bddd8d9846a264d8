import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.hostile_inputs.campaign import REFUSED, UNCHANGED, VALID, WRONG, is_sentence, run_campaign


def test_every_ending_is_counted_and_failures_are_named_with_their_number(tmp_path):
    def kind(folder):
        endings = iter([UNCHANGED, VALID, WRONG, REFUSED, ConfigError('a=1: expected 2'), KeyError('x'), ConfigError()])

        def attempt(rng):
            ending = next(endings)
            if isinstance(ending, Exception):
                raise ending
            return ending

        return attempt

    found = run_campaign(kind, tmp_path, seed=5, count=7)
    assert {name: found[name] for name in ('refused', 'unchanged', 'valid', 'wrong', 'traceback')} == dict(
        refused=2, unchanged=1, valid=1, wrong=1, traceback=2
    )
    assert [(failure['number'], failure['ending']) for failure in found['failures']] == [
        (2, 'wrong'),
        (5, 'traceback'),
        (6, 'traceback'),
    ]
    assert found['failures'][1]['text'] == "KeyError: 'x'" and (found['seed'], found['count']) == (5, 7)


def test_an_input_depends_on_the_seed_and_its_number_alone(tmp_path):
    drawn = []

    def kind(folder):
        def attempt(rng):
            drawn.append(int(rng.integers(1 << 60)))
            return VALID

        return attempt

    run_campaign(kind, tmp_path, 3, 4)
    assert drawn == [int(np.random.default_rng([3, number]).integers(1 << 60)) for number in range(4)]


def test_a_message_with_line_ends_control_characters_or_too_long_is_no_sentence():
    assert is_sentence("file='ä漢': expected b, got c")
    assert not any(map(is_sentence, ['', 'a\nb', 'a\x1b[2J', 'x' * 501]))
