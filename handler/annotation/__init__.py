"""Many pictures, or the frames of videos, annotated one beside the other and written as files."""
