//! The engine as its drivers use it: usage in, evaluations out.

#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod in_place;
#[cfg(test)]
mod memory_events;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod new_pods;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rationing;
