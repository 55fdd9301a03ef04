//! A document against the table of its fields: first what only the table is needed for
//! ([`Reader::check`]), then typed values one by one, each refusal with its place and with what was
//! expected. It cannot fail, and the limits of documents and [`REMARKS_MAX`] bound its time and
//! memory.

mod check;
mod place;
mod reader;

pub(crate) use check::NOT_IN_EFFECT;
pub(crate) use place::Place;
pub(crate) use reader::Reader;

/// What one source says of a setting that may follow another one: nothing, that it does, or a value.
pub(crate) type Said<T> = Option<Option<T>>;

/// The most remarks of each severity on one document: more than a page of them helps nobody, and
/// each repeats a path.
pub(crate) const REMARKS_MAX: usize = 50;
