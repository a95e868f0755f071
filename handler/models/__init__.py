"""Finding the weights, recognising their family, running them."""
