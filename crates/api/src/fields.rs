//! Every field of the configuration annotation, as data: what is known, what has an effect, what a
//! value must be. Checks, messages and the reference page all come from here.

mod table;

pub(crate) use table::FIELDS;

/// One field, or one group of fields.
#[derive(Debug)]
pub(crate) struct Field {
    /// Keys from the top, joined by dots. `{a,b}` stands for either, `*` for any name, and `[]` ends
    /// the name of a list whose elements follow.
    pub(crate) path: &'static str,
    /// Whether it has an effect in this version.
    pub(crate) effect: Effect,
    /// What kind of value it takes; [`GROUP`] for a mapping with known fields.
    pub(crate) kind: &'static str,
    /// What holds when it is not given; empty when nothing does.
    pub(crate) default: &'static str,
    /// The values it takes, to read after "expected".
    pub(crate) values: &'static str,
    /// What it does.
    pub(crate) doc: &'static str,
}

/// What a field does in this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What it says.
    Now,
    /// Nothing.
    Later,
    /// It asks the program to do less. Since it cannot do that bit less yet, it does nothing: the
    /// workload is recommended for only.
    Restraint,
}

/// The kind of a field that holds further known fields.
pub(crate) const GROUP: &str = "group";

impl Field {
    /// Whether it does what it says.
    pub(crate) fn is_in_effect(&self) -> bool {
        self.effect == Effect::Now
    }

    /// Whether this field holds further known fields.
    pub(crate) fn is_group(&self) -> bool {
        self.kind == GROUP
    }

    /// The table's entry for a path.
    pub(crate) fn find(path: &[&str]) -> Option<&'static Self> {
        FIELDS.iter().find(|field| {
            let segments = field.path.split('.');
            segments.clone().count() == path.len()
                && segments.zip(path).all(|(pattern, key)| matches(pattern, key))
        })
    }

    /// The known name under `parent` that is closest to `key`, when it is close enough to be meant.
    pub(crate) fn nearest(parent: &[&str], key: &str) -> Option<&'static str> {
        /// Two slips of the hand: `lookbackPeriods` is `lookBackPeriod`.
        const DISTANCE_MAX: usize = 2;
        /// Longer than every known name by more than [`DISTANCE_MAX`].
        const LENGTH_MAX: usize = 40;
        if key.len() > LENGTH_MAX {
            return None;
        }
        names_under(parent)
            .map(|name| (distance(name, key), name))
            // In a short name two slips make another word.
            .filter(|(distance, name)| *distance <= DISTANCE_MAX && *distance < name.len() / 2 + 1)
            .min()
            .map(|(_, name)| name)
    }
}

/// The reference of the annotation, as Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(PAGE_TOP);
    for (effect, top) in [
        (Effect::Now, IN_EFFECT_TOP),
        (Effect::Restraint, RESTRAINT_TOP),
        (Effect::Later, NOT_IN_EFFECT_TOP),
    ] {
        page.push_str(top);
        page.extend(FIELDS.iter().filter(|field| field.effect == effect).map(row));
    }
    page
}

const PAGE_TOP: &str = "\
# The annotation `workloads.cast.ai/configuration`

It is written on the workload (a Deployment, a StatefulSet, ...) and holds YAML. `{cpu,memory}` stands
for either, `<name>` for the name of a container. Without the annotation a workload is recommended for,
never changed. A value that is refused leaves its default in place and the rest of the document in
effect; a document that cannot be read leaves the workload as it is until it can.
";

const IN_EFFECT_TOP: &str = "
## Fields in effect

| field | kind | default | values | meaning |
|---|---|---|---|---|
";

const RESTRAINT_TOP: &str = "
## Fields that hold a workload at recommendations

Each asks the program to change less than it would. None is read in detail yet, so nothing at all is
applied to a workload whose annotation has one, and a warning says so.

| field | kind | default | values | meaning |
|---|---|---|---|---|
";

const NOT_IN_EFFECT_TOP: &str = "
## Fields that are known and have no effect yet

Each is answered with a warning.

| field | kind | default | values | meaning |
|---|---|---|---|---|
";

fn row(field: &Field) -> String {
    let Field { path, effect: _, kind, default, values, doc } = field;
    let path = path.replace('*', "<name>");
    format!("| `{path}` | {kind} | {default} | {values} | {doc} |\n")
}

/// Names of the fields directly under a path, alternatives written out.
fn names_under(parent: &[&str]) -> impl Iterator<Item = &'static str> {
    FIELDS
        .iter()
        .filter_map(move |field| {
            let (above, name) = field.path.rsplit_once('.').unwrap_or(("", field.path));
            let above: Vec<&str> = above.split('.').filter(|segment| !segment.is_empty()).collect();
            let under = above.len() == parent.len()
                && above.iter().zip(parent).all(|(pattern, key)| matches(pattern, key));
            (under && !name.contains(['*', '['])).then_some(name)
        })
        .flat_map(alternatives)
}

fn matches(pattern: &'static str, key: &str) -> bool {
    pattern == "*" || alternatives(pattern).any(|name| name == key)
}

/// `{a,b}` is `a` and `b`; anything else is itself.
fn alternatives(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.trim_matches(['{', '}']).split(',')
}

/// How many insertions, deletions and replacements of characters part two names; upper and lower
/// case count as equal.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut next = vec![i + 1];
        for ((to, pair), left) in b.iter().zip(row.windows(2)).zip(i + 1..) {
            let replaced = pair.first().map_or(left, |above| above + usize::from(from != *to));
            let above = pair.last().map_or(left, |above| above + 1);
            let left = next.last().map_or(left, |left| left + 1);
            next.push(replaced.min(above).min(left));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, key: &str, expect: Option<&str>) {
        let parent: Vec<&str> = path.split('.').filter(|segment| !segment.is_empty()).collect();
        assert_eq!(Field::nearest(&parent, key), expect, "{path}: {key}");
    }

    #[test]
    fn a_slip_of_the_hand_is_recognised() {
        check("vertical.cpu", "taget", Some("target"));
        check("vertical.memory", "lookbackPeriods", Some("lookBackPeriod"));
        check("vertical", "memmory", Some("memory"));
        check("", "Vertical", Some("vertical"));
        check("vertical.cpu", "mn", Some("min"));
        check("vertical.cpu", "x", None);
        check("vertical.cpu", "burst", None);
        check("vertical.cpu", &"target".repeat(50), None);
    }

    #[test]
    fn distances_are_counted_in_single_slips() {
        for (a, b, expect) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("min", "max", 2),
            ("kitten", "sitting", 3),
            ("abc", "ABC", 0),
        ] {
            assert_eq!(distance(a, b), expect, "{a} {b}");
        }
    }

    #[test]
    fn every_group_has_fields_and_every_field_a_group() {
        for field in FIELDS {
            let below = FIELDS.iter().any(|other| {
                other.path.strip_prefix(field.path).is_some_and(|rest| rest.starts_with('.'))
            });
            assert_eq!(below, field.is_group(), "{}", field.path);
            if let Some((above, _)) =
                field.path.rsplit_once('.').filter(|_| !field.path.contains("[]"))
            {
                assert!(FIELDS.iter().any(|other| other.path == above), "{above}");
            }
        }
    }
}
