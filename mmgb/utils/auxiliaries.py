"""Parts of a model that only training needs."""

AUXILIARIES = ('auxiliary_head', 'auxiliaries')  # of mmsegmentation's segmentors and of RelayBP


def is_auxiliary(name: str) -> bool:
    """Return True for a module, parameter or buffer of an auxiliary head or loss, named from the model's root."""
    return name.partition('.')[0] in AUXILIARIES
