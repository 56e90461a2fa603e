"""The settings of chains; importing this loads no Keras."""

from studio.core.settings import Settings


class ChainSettings(Settings):
    """Repeats all steps of a result with another photo; each step keeps its settings."""
