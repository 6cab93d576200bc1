"""A small recurrent network that reads events one by one, against models of features."""
