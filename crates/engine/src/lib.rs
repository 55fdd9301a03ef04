//! observe, recommend, decide, ration, admit: the pure brain.
