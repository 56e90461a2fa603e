"""Files that models come in, taken apart and packed without Keras: HDF5, `.keras`, TensorFlow.js, zip."""
