"""The demo: what the source documents tell, in our words, and a round of today to work with.

No real person's name or contact details: people are roles. History is entered through the same moves with `at`.
"""
