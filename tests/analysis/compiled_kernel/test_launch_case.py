import itertools

import torch

from mmgb.analysis.compiled_kernel.launch_case import FORMULAS, RESULTS, LaunchCase, all_cases, covering_cases, launch
from mmgb.functional.losses.kernels.triton_kernel import _kernel
from mmgb.functional.losses.targets import LABEL_TYPES

CASES = list(covering_cases())


def test_the_covering_cases_cross_the_options_of_the_kernel():
    crossed = {case[:6] for case in CASES}
    assert len(CASES) == len(crossed) == len({case[:6] for case in all_cases()})
    for case in CASES:
        assert (case.formula in FORMULAS, case.result in RESULTS) == (True, True)
    by_place = {place: {case[:4] for case in CASES if case[4:6] == place} for place in {case[4:6] for case in CASES}}
    for (_, classes), options in by_place.items():
        assert len(options) == len(FORMULAS) * 2 * len(RESULTS) * (2 if classes > 1 else 1)


def test_each_combination_of_types_weights_and_alignment_occurs_with_each_result():
    every = {(case.soft, case.result, *case[6:]) for case in all_cases()}
    assert {(case.soft, case.result, *case[6:]) for case in CASES} == every


def test_the_types_are_those_that_the_product_accepts():
    assert {getattr(torch, case.target) for case in CASES if not case.soft} == set(LABEL_TYPES)


def test_a_launch_has_the_options_of_its_case():
    for case in itertools.islice(CASES, 0, None, 31):
        found = launch(case)
        arguments = dict(zip(_kernel.arg_names, found.arguments))
        constants = found.constants
        assert (constants['EXP'], constants['SOFT']) == (case.formula.startswith('exp-GB'), case.soft)
        assert (constants['BOUNDED'], constants['ZERO']) == (case.clipped, case.formula != 'exp-GB, negative target 1')
        wanted = (constants['LOSS'], constants['PER_SAMPLE'], constants['GRADIENT'])
        assert wanted == {'sum': (1, 0, 0), 'per sample': (1, 1, 0), 'gradient': (0, 0, 1)}[case.result]
        types = [arguments[name].dtype for name in ('scores_at', 'gradient_at', 'target_at')]
        assert types == [getattr(torch, name) for name in (case.scores, case.scores, case.target)]
        assert (arguments['weight_at'].dtype == torch.bool) == (case.weights == 'mask')
        assert (arguments['weight_step'] == 0) == (case.weights == 'none')
        if case.layout != 'images' and not case.soft:
            assert constants['CLASSES'] == case.classes


def test_aligned_sizes_are_multiples_of_16_and_others_are_not():
    options = ('pow3-GB', False, 'sum', False)
    reading = ('float32', 'int64', 'none')
    for aligned in (True, False):
        for layout in ('images', 'rows'):
            found = launch(LaunchCase(*options, layout, 64, aligned, *reading))
            points, classes = found.arguments[7:9]
            assert ((classes if layout == 'rows' else points) % 16 == 0) == aligned
