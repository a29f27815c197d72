"""Google: stills and looking by Gemini models, films by Veo (Vertex) or Omni (API key)."""
