"""How fast a model answers here, and in how much memory."""
