"""A model folder without torch, made from a .pt, and checked against it before it is kept."""
