"""The room that forecasts: series of numbers in, the next values with intervals out."""
