"""The room that turns one sequence into another: encoders, decoders, attention, beams."""
