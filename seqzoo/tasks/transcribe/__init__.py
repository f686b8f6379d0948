"""The room `transcribe`: sound -> letters, or one word."""
