"""Networks as small TFLite files, and what runs them: drawing and writing load no Keras."""
