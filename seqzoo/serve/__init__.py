"""A web service and a page: what bundles answer, over HTTP. Needs the extra `serve`, and no TensorFlow."""
