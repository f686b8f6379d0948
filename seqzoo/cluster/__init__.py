"""More than one process, or machine, by Ray: a sweep, training in parts, answers in bulk. Ray is imported when used."""
