//! The engine as its drivers use it: usage in, evaluations out.

#[cfg(test)]
mod apply_types;
#[cfg(test)]
mod auto;
#[cfg(test)]
mod auto_properties;
#[cfg(test)]
mod checkpoint;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod foresee;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod in_place;
#[cfg(test)]
mod knowledge;
#[cfg(test)]
mod memory_events;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod new_pods;
mod observe;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rationing;
