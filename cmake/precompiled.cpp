// Nothing: a precompiled header needs a target of its own that others reuse it from.
