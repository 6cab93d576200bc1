"""Speed and size: the same sessions by several engines, on shops of three sizes."""
