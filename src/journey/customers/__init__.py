"""Who the customers are, what they are worth, and who leaves."""
