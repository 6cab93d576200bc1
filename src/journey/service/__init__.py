"""The landed purchase model as a service on this machine, for those who need one; the site does without."""
