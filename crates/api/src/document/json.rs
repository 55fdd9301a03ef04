//! Settings inside of an object, as the API server gives them.

use serde_json::Value as Json;

use super::{DEPTH_MAX, Entry, Node, Position, Value};

impl From<&Json> for Node {
    /// Without positions. What is null inside of an object is left out, as the API server does;
    /// what is nested too deeply is null.
    fn from(json: &Json) -> Self {
        node(json, DEPTH_MAX)
    }
}

fn node(json: &Json, levels: usize) -> Node {
    let Some(below) = levels.checked_sub(1) else { return Node::unplaced(Value::Null) };
    Node::unplaced(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Scalar(value.to_string()),
        Json::Number(value) => Value::Scalar(value.to_string()),
        Json::String(text) => Value::Scalar(text.clone()),
        Json::Array(elements) => {
            Value::Seq(elements.iter().map(|element| node(element, below)).collect())
        }
        Json::Object(entries) => Value::Map(
            entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| Entry {
                    key: key.clone(),
                    at: Position::default(),
                    node: node(value, below),
                })
                .collect(),
        ),
    })
}

impl From<&Node> for Json {
    /// Scalars become text: what they mean depends on the field.
    fn from(node: &Node) -> Self {
        match &node.value {
            Value::Null => Self::Null,
            Value::Scalar(text) => Self::String(text.clone()),
            Value::Seq(elements) => Self::Array(elements.iter().map(Self::from).collect()),
            Value::Map(entries) => Self::Object(
                entries.iter().map(|entry| (entry.key.clone(), Self::from(&entry.node))).collect(),
            ),
        }
    }
}
