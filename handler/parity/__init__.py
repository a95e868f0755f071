"""Whether two ways to run a model answer the same."""
