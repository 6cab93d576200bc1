"""What all methods share: an estimate with its interval, intervals of a share, and resampling of users."""
