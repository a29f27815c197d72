"""fal: films by any of its image-to-video models, through its queue."""
