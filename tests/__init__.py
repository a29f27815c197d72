import shared as shared  # before numpy: it says how many cores that may take
