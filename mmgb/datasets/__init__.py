"""Data sets, samplers and transforms. Each subpackage registers its own classes; importing this one imports none."""
