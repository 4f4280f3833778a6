"""How tight the timing is: commands that measure it on the machine they run on."""
