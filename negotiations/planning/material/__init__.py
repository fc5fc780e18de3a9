"""What the parties read before a negotiation: two pages and slides, both made from one frozen context.

context   what the material tells, typed; how texts are shortened, and how much of them there is room for
preread   reads it, has it made into a PDF as a draft, and freezes what goes to the negotiation
slides    the same as PowerPoint: editable text and native charts
"""
