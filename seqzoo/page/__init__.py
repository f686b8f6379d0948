"""How people see it: on the terminal, as a page, as pictures."""
