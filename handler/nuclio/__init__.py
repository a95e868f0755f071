"""Nuclio's side of the contract: the function.yaml."""
