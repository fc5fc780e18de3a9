"""The county's register of organisations and people: keeping it, taking it in from a spreadsheet, merging doubles."""
