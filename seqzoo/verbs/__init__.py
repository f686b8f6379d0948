"""What the commands that answer do: one module for each verb."""
