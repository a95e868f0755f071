"""The machine, or the container, that this runs on."""
