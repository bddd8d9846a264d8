"""Natural images: the spectrum of the textures, the colours, and the range of the pixels."""

import numpy as np
import pytest

from mmgb.datasets.natural_images import COMPONENTS, DEVIATIONS, MEAN, colour, patterns, textures


def test_amplitude_falls_as_one_over_the_frequency():
    texture = textures(np.random.default_rng(0), 20, 96, 128)
    amplitude = np.abs(np.fft.fft2(texture)).mean(axis=0)
    frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.fftfreq(128)[None])
    inside = (frequency > 0.02) & (frequency < 0.4)
    slope, _ = np.polyfit(np.log(frequency[inside]), np.log(amplitude[inside]), 1)
    assert slope == pytest.approx(-1, abs=0.03)
    np.testing.assert_allclose(texture.mean(axis=(1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(texture.std(axis=(1, 2)), 1, rtol=1e-3)


def test_patterns_are_smooth_and_one_cell_is_constant():
    smooth = patterns(np.random.default_rng(0), 50, 64, 48, cells=4)
    assert smooth.shape == (50, 64, 48)
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.1 * smooth.std()
    constant = patterns(np.random.default_rng(0), 300, 8, 6, cells=1)
    assert np.ptp(constant, axis=(1, 2)).max() == 0
    assert constant[:, 0, 0].std() == pytest.approx(1, abs=0.1)


def test_components_are_orthonormal_and_brightness_is_the_first():
    np.testing.assert_allclose(COMPONENTS.T @ COMPONENTS, np.eye(3), atol=1e-3)
    assert (np.diff(DEVIATIONS) < 0).all() and len(set(np.sign(COMPONENTS[:, 0]))) == 1


def test_colours_have_the_mean_and_the_covariance_of_imagenet():
    """Weak inputs, so that no pixel is clipped; the covariance of the pixels is then that of the components."""
    rng = np.random.default_rng(0)
    texture, pattern = (rng.standard_normal((3, 200, 200)).astype(np.float32) / 5 for _ in range(2))
    image = colour(texture, pattern)
    assert image.dtype == np.uint8 and image.shape == (200, 200, 3)
    pixels = image.reshape(-1, 3).astype(float) + 0.5  # converting to integers cuts off half a step
    expected = COMPONENTS @ np.diag(DEVIATIONS**2) @ COMPONENTS.T / 25
    np.testing.assert_allclose(pixels.mean(axis=0), MEAN, atol=0.5)
    np.testing.assert_allclose(np.cov(pixels, rowvar=False), expected, atol=0.03 * expected.max())


def test_one_channel_is_the_mean_of_three_and_strong_inputs_are_clipped():
    texture = np.random.default_rng(0).standard_normal((3, 20, 20)).astype(np.float32) * 5
    rgb = colour(texture, texture)
    assert rgb.min() == 0 and rgb.max() == 255
    np.testing.assert_array_equal(colour(texture, texture, channels=1), rgb.mean(axis=2).astype(np.uint8))
