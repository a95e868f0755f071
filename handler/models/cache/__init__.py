"""Exports that are kept from one start to the next."""
