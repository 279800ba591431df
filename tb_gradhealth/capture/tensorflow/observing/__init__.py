"""Every step, in the graph: one number a tensor, the flight recorder, skipped steps, replicas."""
