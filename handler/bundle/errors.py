"""What ends the making of a bundle."""

from handler.errors import AnnotateError


class BundleError(AnnotateError):
    """A bundle that cannot be made: an image, a tool, a key, an older bundle or room is missing."""

    code = "no_bundle"
