"""Images to images and images to numbers about images."""
