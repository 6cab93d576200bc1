"""How fast does the scoring service answer on this machine?"""
