"""The commands of `auto-annotate`, a module each."""
