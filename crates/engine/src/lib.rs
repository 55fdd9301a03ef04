//! The pure brain: observe, recommend, decide, ration, admit. One file per verb.
