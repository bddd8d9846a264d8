"""Data sets and transforms. Each subpackage registers its own: importing this one imports none of them."""
