//! The five ports and the tick that drives them.
