"""Moments of whitened inputs."""

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS, DefaultScope


def build(**settings):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return TRANSFORMS.build(dict(type='mmgb.WhitenInputs', **settings))


@pytest.fixture
def images():
    """Draw (400, 2, 3) float images whose six values are correlated and differ in variance."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6)) * [1, 2, 5, 10, 20, 50]
    return (rng.normal(size=(400, 6)) @ mixing.T + 100).reshape(400, 2, 3)


@pytest.fixture
def statistics(images, tmp_path):
    flat = images.reshape(400, 6)
    np.savez(tmp_path / 'statistics.npz', mean=flat.mean(0), covariance=np.cov(flat.T))
    return str(tmp_path / 'statistics.npz')


def transformed(images, **settings):
    transform = build(**settings)
    results = np.stack([transform(dict(img=image))['img'] for image in images])
    assert results.dtype == np.float32 and results.shape == images.shape
    return results.reshape(len(images), -1).astype(np.float64)


def test_decorrelated_inputs_have_zero_mean_and_unit_covariance(images, statistics):
    values = transformed(images, statistics=statistics, decorrelate=True, epsilon=1e-9)
    assert np.abs(values.mean(0)).max() < 1e-3
    assert np.abs(np.cov(values.T) - np.eye(6)).max() < 1e-3


def test_standardised_inputs_have_unit_variances_and_the_correlations_they_had(images, statistics):
    values = transformed(images, statistics=statistics, epsilon=1e-9)
    assert np.abs(values.mean(0)).max() < 1e-3
    assert np.allclose(np.cov(values.T), np.corrcoef(images.reshape(400, 6).T), atol=1e-3)


def test_components_are_ordered_by_decreasing_variance(images, statistics):
    values = transformed(images, statistics=statistics, decorrelate=True, epsilon=1.0)
    assert (np.diff(values.var(0)) < 0).all(), 'epsilon reduces the smallest variances most'


def test_constant_inputs_become_zero(tmp_path):
    images = np.random.default_rng(0).normal(size=(50, 1, 4)) * [0, 1, 0, 3]
    flat = images.reshape(50, 4)
    np.savez(tmp_path / 'statistics.npz', mean=flat.mean(0), covariance=np.cov(flat.T))
    for decorrelate in (False, True):
        values = transformed(images, statistics=str(tmp_path / 'statistics.npz'), decorrelate=decorrelate)
        assert np.isfinite(values).all() and (values.var(0) < 1e-8).sum() == 2


def test_invalid_settings_and_files_are_refused_by_name(statistics, tmp_path):
    with pytest.raises(ValueError, match=r'epsilon=0: expected a positive number'):
        build(statistics=statistics, epsilon=0)
    with pytest.raises(FileNotFoundError, match=r"statistics='no.npz': no such file; .*compute_input_statistics.py"):
        build(statistics='no.npz')
    np.savez(tmp_path / 'wrong.npz', mean=np.zeros(4), covariance=np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r'wrong.npz.* shapes \(D,\) and \(D, D\), got \(4,\) and \(4, 3\)'):
        build(statistics=str(tmp_path / 'wrong.npz'))
    with pytest.raises(ValueError, match='expected 6 values as in the statistics, got 4'):
        build(statistics=statistics)(dict(img=np.zeros((2, 2))))
