"""A creative AI studio on Keras 3. Each folder beside this file is something the studio can do."""

__version__ = "0.1.0"
