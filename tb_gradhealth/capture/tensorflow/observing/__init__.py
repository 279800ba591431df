"""Observes every watched step in the graph: step statistics, flight recorder, skipped steps, replicas."""
