//! The resolver from outside: text in, text out.

#[cfg(test)]
mod assigning;
#[cfg(test)]
mod case;
#[cfg(test)]
mod configuring;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod render;
#[cfg(test)]
mod resolving;
#[cfg(test)]
mod system;
