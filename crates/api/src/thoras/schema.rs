//! The structural schema of an object, made from its table and its rules.

use serde_json::{Map, Value, json};

use super::rules::Rule;
use super::table::{Kind, Row, Table};

/// The longest text in which a rule looks for something: names have at most 253 characters, and
/// what a rule may cost is reckoned with the longest text that is allowed.
const TEXT_MAX: u32 = 4096;
/// The longest name of a container or of a word; Kubernetes allows 63.
const NAME_MAX: u32 = 253;

/// Kubernetes quantities that are not negative.
const QUANTITY: &str = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
/// `10%` or `10`.
const PERCENT: &str = r"^[0-9]{1,5}%?$";
/// 0 to 100 with decimals.
const PERCENTILE: &str = r"^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)$";

/// The schema of a whole object. `rules` stand under `spec`, each group of them below its path.
pub(super) fn schema(table: &Table, rules: &[(&str, &[Rule])]) -> Value {
    let rules: Vec<(String, &Rule)> =
        rules.iter().flat_map(|(at, rules)| placed(at, rules)).collect();
    let object = |of: &[Row], top: &str| Builder { rows: of, rules: &rules }.named(top);
    json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": object(&table.spec, "spec"),
            "status": object(&table.status, "status"),
        }
    })
}

/// Rules with their full paths.
fn placed<'a>(at: &'a str, rules: &'a [Rule]) -> impl Iterator<Item = (String, &'a Rule)> {
    rules.iter().flat_map(move |rule| {
        rule.at.iter().map(move |path| {
            let steps: Vec<&str> = [at, path].into_iter().filter(|step| !step.is_empty()).collect();
            (steps.join("."), rule)
        })
    })
}

struct Builder<'a> {
    rows: &'a [Row],
    rules: &'a [(String, &'a Rule)],
}

impl Builder<'_> {
    /// The schema of the row with this path, or of nothing in particular.
    fn named(&self, path: &str) -> Value {
        let row = self.rows.iter().find(|row| row.path == path);
        row.map_or_else(|| json!({"type": "object"}), |row| self.of(row))
    }

    fn of(&self, row: &Row) -> Value {
        let mut schema = match row.kind {
            Kind::Group | Kind::GroupOrNull | Kind::Any | Kind::Map(_) => self.object(row),
            Kind::List(_) | Kind::Texts(_) | Kind::Numbers(_) => self.array(row),
            Kind::Boolean
            | Kind::Word(_)
            | Kind::Text
            | Kind::Duration
            | Kind::Integer(_)
            | Kind::Quantity
            | Kind::Factor
            | Kind::Percent
            | Kind::Percentile
            | Kind::Pods
            | Kind::Time => scalar(row),
        };
        schema.insert("description".to_owned(), json!(row.doc));
        if let Ok(default) = serde_json::from_str::<Value>(row.default) {
            schema.insert("default".to_owned(), default);
        }
        self.validate(row.path.trim_end_matches("[]"), &mut schema);
        Value::Object(schema)
    }

    fn object(&self, row: &Row) -> Map<String, Value> {
        let mut schema = object(json!({"type": "object"}));
        if row.kind == Kind::Any {
            schema.insert("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true));
        } else if let Kind::Map(max) = row.kind {
            schema.insert("maxProperties".to_owned(), json!(max));
            let value = self.named(&format!("{}.*", row.path));
            schema.insert("additionalProperties".to_owned(), value);
        } else {
            self.fields(row.path, &mut schema);
        }
        if row.kind == Kind::GroupOrNull {
            schema.insert("nullable".to_owned(), json!(true));
        }
        schema
    }

    fn array(&self, row: &Row) -> Map<String, Value> {
        let (max, mut items) = if let Kind::Texts(max) = row.kind {
            (max, object(json!({"type": "string", "maxLength": TEXT_MAX})))
        } else if let Kind::Numbers(max) = row.kind {
            (max, object(json!({"type": "integer", "format": "int32", "minimum": 1})))
        } else if let Kind::List(max) = row.kind {
            let mut items = object(json!({"type": "object"}));
            self.fields(row.path, &mut items);
            (max, items)
        } else {
            (0, Map::new())
        };
        self.validate(row.path, &mut items);
        let mut schema = object(json!({"type": "array", "maxItems": max, "items": items}));
        if matches!(row.kind, Kind::Numbers(_)) {
            schema.insert("minItems".to_owned(), json!(1));
        }
        schema
    }

    /// Properties and which of them are needed.
    fn fields(&self, path: &str, schema: &mut Map<String, Value>) {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for row in self.rows.iter().filter(|row| parent(row.path) == Some(path)) {
            let name = row.path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]");
            properties.insert(name.to_owned(), self.of(row));
            if row.is_required {
                required.push(name);
            }
        }
        required.sort_unstable();
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        schema.insert("properties".to_owned(), Value::Object(properties));
    }

    fn validate(&self, path: &str, schema: &mut Map<String, Value>) {
        let rules = self.rules.iter().filter(|(at, _)| at == path);
        let rules: Vec<Value> =
            rules.map(|(_, rule)| json!({"rule": rule.holds, "message": rule.message})).collect();
        if !rules.is_empty() {
            schema.insert("x-kubernetes-validations".to_owned(), json!(rules));
        }
    }
}

fn scalar(row: &Row) -> Map<String, Value> {
    let number_or_text = |pattern: &str| {
        json!({
            "x-kubernetes-int-or-string": true,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": pattern
        })
    };
    object(match row.kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Word(words) => json!({"type": "string", "enum": words, "maxLength": NAME_MAX}),
        Kind::Text => json!({"type": "string", "maxLength": TEXT_MAX}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Integer(min) => json!({"type": "integer", "format": "int32", "minimum": min}),
        Kind::Quantity => number_or_text(QUANTITY),
        // People write 1.5 as a number, and a type that takes both is for whole numbers only. Without a
        // type, the pattern holds for texts and the minimum for numbers.
        Kind::Factor => json!({
            "x-kubernetes-preserve-unknown-fields": true,
            "pattern": QUANTITY,
            "minimum": 1
        }),
        Kind::Percent => number_or_text(PERCENT),
        Kind::Percentile => number_or_text(PERCENTILE),
        Kind::Duration
        | Kind::Pods
        | Kind::Group
        | Kind::GroupOrNull
        | Kind::List(_)
        | Kind::Map(_)
        | Kind::Texts(_)
        | Kind::Numbers(_)
        | Kind::Any => json!({
            "x-kubernetes-int-or-string": true,
            "anyOf": [{"type": "integer"}, {"type": "string"}]
        }),
    })
}

/// The path that a row stands under; absent at the top.
fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(parent, _)| parent)
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
