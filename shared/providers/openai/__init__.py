"""OpenAI: stills with a transparent background by GPT Image models, and looking by GPT models."""
