"""What the routes say: a monitor's knowledge in the shapes of the HTTP contract, one file a family of routes.

Pure functions from what is watched to plain JSON values or frames; `routes` knows of requests.
"""
