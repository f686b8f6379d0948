"""The room `classify`: text -> class."""
