"""A zoo of recurrent sequence models for Keras, with a command line."""
