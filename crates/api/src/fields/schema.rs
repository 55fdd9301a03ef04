//! The structural schema of an object, made from its table: no floats, no unions but Kubernetes' own
//! of numbers and text, and a bound on every length.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::{Field, Kind, Tree};

/// Kubernetes quantities that are not negative.
const QUANTITY: &str = r"\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?";
/// Durations as Go writes them, with days.
const DURATION: &str = r"0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h|d))+";
/// Numbers that are not negative.
const NUMBER: &str = r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?";
/// Percentages, and whole numbers that stand for one.
const PERCENT: &str = r"[0-9]{1,5}(\.[0-9]{1,17})?%?";
/// Which usage counts.
const TARGET: &str = r"max|auto|((pooled|forecast): ?)?p([0-9]{1,2}(\.[0-9]{1,17})?|100)|forecast: ?(undershoot|cost_optimized|balanced|assurance_optimized|overshoot)";

/// The longest text of a scalar that is no name.
const SCALAR_MAX: u32 = 64;
/// The longest name.
const NAME_MAX: u32 = 253;

/// The schema of an object with all fields of a table.
pub(crate) fn of(tree: &Tree) -> Schema {
    schema(Value::Object(object(tree)))
}

/// The schema of one field at the top of a table.
pub(crate) fn at(tree: &Tree, name: &str) -> Schema {
    schema(tree.get(name).map_or_else(|| json!({}), node))
}

fn schema(value: Value) -> Schema {
    Schema::try_from(value).unwrap_or_default()
}

/// What is at one place.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are scalars")]
fn node(tree: &Tree) -> Value {
    let Some(field) = &tree.field else { return Value::Object(object(tree)) };
    let mut schema = match field.kind {
        Kind::Group => with_required(object(tree), field),
        Kind::List(max) => map(
            json!({"type": "array", "maxItems": max, "items": with_required(object(tree), field)}),
        ),
        Kind::Map(max) => map(json!({
            "type": "object",
            "maxProperties": max,
            "additionalProperties": tree.any().map_or_else(|| json!({}), node),
        })),
        _ => map(scalar(field.kind)),
    };
    schema.insert("description".to_owned(), json!(description(field)));
    Value::Object(schema)
}

fn object(tree: &Tree) -> Map<String, Value> {
    let properties: Map<String, Value> =
        tree.names().map(|(name, below)| (name.to_owned(), node(below))).collect();
    map(json!({"type": "object", "properties": properties}))
}

fn with_required(mut object: Map<String, Value>, field: &Field) -> Map<String, Value> {
    if !field.required.is_empty() {
        object.insert("required".to_owned(), json!(field.required));
    }
    object
}

fn scalar(kind: Kind) -> Value {
    match kind {
        Kind::Switch | Kind::Boolean => json!({"type": "boolean"}),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Text(max) => json!({"type": "string", "minLength": 1, "maxLength": max}),
        Kind::Texts(from, to) => json!({
            "type": "array", "minItems": from, "maxItems": to,
            "items": {"type": "string", "minLength": 1, "maxLength": NAME_MAX},
        }),
        Kind::Integers(max) => json!({
            "type": "array", "minItems": 1, "maxItems": max,
            "items": {"type": "integer", "format": "int32", "minimum": 1},
        }),
        Kind::Integer(from, to) => {
            json!({"type": "integer", "format": "int32", "minimum": from, "maximum": to})
        }
        Kind::Or(word, Kind::Word(words)) => {
            let words: Vec<&str> = std::iter::once(word).chain(words.iter().copied()).collect();
            json!({"type": "string", "enum": words})
        }
        Kind::Or(word, kind) => text_or_number(&format!("{word}|{}", pattern(*kind)), *kind),
        Kind::Any | Kind::Group | Kind::List(_) | Kind::Map(_) => {
            json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
        }
        Kind::Duration(_)
        | Kind::Number(..)
        | Kind::Quantity
        | Kind::Percent(..)
        | Kind::Target(_) => text_or_number(pattern(kind), kind),
    }
}

/// A scalar with a spelling: text, and whole numbers too where they are values of the kind.
fn text_or_number(pattern: &str, kind: Kind) -> Value {
    let pattern = format!("^({pattern})$");
    if matches!(kind, Kind::Duration(_) | Kind::Target(_)) {
        return json!({"type": "string", "maxLength": SCALAR_MAX, "pattern": pattern});
    }
    json!({
        "x-kubernetes-int-or-string": true,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "maxLength": SCALAR_MAX,
        "pattern": pattern,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other kind has a spelling")]
fn pattern(kind: Kind) -> &'static str {
    match kind {
        Kind::Duration(_) => DURATION,
        Kind::Number(..) => NUMBER,
        Kind::Percent(..) => PERCENT,
        Kind::Target(_) => TARGET,
        _ => QUANTITY,
    }
}

fn description(field: &Field) -> String {
    let later = if field.effect == super::Effect::Later { " Not in effect yet." } else { "" };
    format!("{}{later}", field.doc)
}

fn map(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
