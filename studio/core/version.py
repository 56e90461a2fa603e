"""The version of the studio, for all that has to name it."""

VERSION = "0.1.0"
