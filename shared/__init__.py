"""What the functions are made of."""

import os

# Steps run side by side, each on its own core. OpenBLAS takes all of them unless it is told before
# numpy is imported, and its threads wait for each other by spinning.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
