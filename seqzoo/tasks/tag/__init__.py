"""The room `tag`: a tag for each word, and the spans they make."""
