"""Change points: where durations or failure rates moved to another level and stayed there. Pure."""
