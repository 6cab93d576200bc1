"""The promises of the experiment engine, kept or broken in simulations."""
