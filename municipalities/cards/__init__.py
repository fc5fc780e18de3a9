"""Municipality cards (kuntakortit): filled in the municipality, sent to the county, kept by year.

content     what a card says, typed: what is frozen when it is sent, compared, and made into papers
figures     the figures of a card: read, and chosen which are shown and which are folded
progress    how complete a card is
saving      one door for every change of a field, by autosave or by a form
keeping     begins a card, carries last year's forward, adds, removes and orders its lines
lifecycle   the one door to the state of a card and of its year
comparing   what differs between two versions
visibility  who may read which versions
paper       a version as a PDF, and its figures as a file inside it
word        a card as a Word file, and on the clipboard
years       the settings of a year
overseeing  how all cards of a year stand, for those who oversee them
reminding   reminders of cards that have not been sent
history     what has happened to a card or a year, in words
bundles     many cards as PDFs in one go
"""
