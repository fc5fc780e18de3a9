"""Deputies: a municipality hands its tasks to another person for a time.

appointing  names a deputy, ends it, undoes the ending
letter      what the deputy is written
forms       whom, for which municipality, from when until when
views       the page of deputies
"""
