"""SQL for numbers: what was counted in a window, and what each pipeline looks like now."""
