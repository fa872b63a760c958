"""Does it find the right paragraph, in whose voice, and was it still good law?"""
