//! Values put into a JSON tree by their paths.

use serde_json::{Map, Value as Json, json};

use crate::fields::{Kind, Tree};
use crate::settings::table::OBJECT;

/// Puts a value under a path, making the mappings above it. Nothing is done where there is no value.
pub(super) fn put(top: &mut Json, path: &str, value: Option<Json>) {
    let Some(value) = value else { return };
    let place = path.split('.').fold(top, step);
    *place = value;
}

/// Puts a value without effect under its path, in the form of its kind.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are text")]
pub(super) fn put_later(top: &mut Json, path: &str, text: &str) {
    let field = path.split('.').try_fold(&*OBJECT, |tree: &Tree, key| tree.get(name(key)));
    let Some(field) = field.and_then(|tree| tree.field) else { return };
    let value = match field.kind {
        Kind::Switch | Kind::Boolean => json!(text == "true"),
        Kind::Integer(..) => text.parse::<i64>().map_or_else(|_| json!(text), Json::from),
        Kind::Texts(..) => text.split(", ").collect(),
        Kind::Any => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    };
    let place = path.split('.').try_fold(top, |place, key| {
        let place = step(place, name(key));
        let Some(index) = index(key) else { return Some(place) };
        element(place, index)
    });
    if let Some(place) = place {
        *place = value;
    }
}

/// What is under a key, made where it is not there.
fn step<'a>(place: &'a mut Json, key: &str) -> &'a mut Json {
    if !place.is_object() {
        *place = Json::Object(Map::new());
    }
    &mut place[key]
}

/// The element of a list, made with those before it where it is not there.
fn element(place: &mut Json, index: usize) -> Option<&mut Json> {
    /// No list has more elements.
    const ELEMENTS_MAX: usize = 1000;
    if !place.is_array() {
        *place = json!([]);
    }
    let list = place.as_array_mut()?;
    while list.len() <= index.min(ELEMENTS_MAX) {
        list.push(json!({}));
    }
    list.get_mut(index)
}

/// `metrics` of `metrics[0]`.
fn name(key: &str) -> &str {
    key.split('[').next().unwrap_or(key)
}

/// `0` of `metrics[0]`.
fn index(key: &str) -> Option<usize> {
    key.split_once('[')?.1.strip_suffix(']')?.parse().ok()
}
