"""Leave out yapf's formatting of the configs that a Runner logs and saves, which takes longer than a tiny training.

Import this before mmengine, the original of which binds the function when it is imported.
"""

from yapf.yapflib import yapf_api


def unformatted(text, **options):
    return text, False


yapf_api.FormatCode = unformatted
