"""One verified folder that carries images, weights and functions to a place without internet."""
