"""What lies in a model folder, and what it says of itself."""
