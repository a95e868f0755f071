"""What a rule is, what it is about, and how it mends a function.yaml."""
