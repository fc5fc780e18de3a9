"""The workshop on the day: opened by its code, posted to from phones, arranged on the board, told as findings."""
