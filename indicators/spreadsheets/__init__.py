"""A county's own figures from a spreadsheet: read, looked at figure by figure, then all of them written or none.

Two layouts are understood. In the long one a row is a figure: its indicator, area, year, perhaps gender, and value. In
the wide one a row is an area and each year has a column. What a cell says is told in `cells`.

A county brings figures of its own indicators alone, so that nothing national is written over and nothing of another
county's is seen. An empty cell is a missing figure where the file says anything of the same indicator and year; a year
of which it says nothing at all is not filled in yet, and left as it is.
"""
