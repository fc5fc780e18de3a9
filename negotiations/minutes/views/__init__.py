"""The pages of the minutes: the tab with its moves, writing, checkers and attachments."""
