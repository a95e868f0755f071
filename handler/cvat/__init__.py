"""CVAT's side of the contract: its requests, its shapes, its label spec."""
