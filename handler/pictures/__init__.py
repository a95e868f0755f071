"""Pictures: from bytes to pixels, to a network's input, and drawn on."""
