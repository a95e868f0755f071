"""Our handler beside the one that a team writes first: `./scripts/bench`."""
