"""The public functions of ``mmgb.functional``."""

import inspect

from mmgb import functional

SIGNATURES = {
    'exp_gb_loss': '(scores, target, *, alpha=0.1, targets=(0.0, 16.0), max_delta=None, matched=False, '
    'fused=True, **options)',
    'pow3_gb_loss': '(scores, target, *, alpha=0.001, beta=None, targets=(0.0, 10.0), max_delta=None, matched=False, '
    'fused=True, **options)',
    'mirrored_exp_gb_loss': '(scores, target, *, alpha=0.1, beta=0.0, targets=(0.0, 16.0), **options)',
    'squared_error_loss': "(scores, target, *, activation='linear', targets=(0.0, 1.0), **options)",
    'squentropy_loss': '(scores, labels, *, weight=None, class_weight=None, ignore_index=None, avg_non_ignore=True, '
    "reduction='mean', avg_factor=None)",
}


def test_signatures_of_the_losses_are_stable():
    for name, expected in SIGNATURES.items():
        signature = inspect.signature(getattr(functional, name))
        bare = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
        assert str(signature.replace(parameters=bare, return_annotation=signature.empty)) == expected


def test_exported_names_exist_and_are_sorted():
    assert functional.__all__ == sorted(functional.__all__)
    assert all(hasattr(functional, name) for name in functional.__all__)
