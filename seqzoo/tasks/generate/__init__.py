"""The room that continues texts: language models over characters and words."""
