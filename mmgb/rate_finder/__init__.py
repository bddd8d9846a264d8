"""Learning-rate finder: sweeps of the learning rate over a few steps of a config, and the rate that they suggest."""
