"""What an installation bears: an hour of animations, simulated with the real graph, the real queues
and the real patience of the sweeper, and the limits of those who run it as parameters."""
