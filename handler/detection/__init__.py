"""What a model finds on a picture, in no library's terms: objects, labels, skeletons."""
