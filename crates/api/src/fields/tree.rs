//! A table of fields as a tree, in which every step is one key.

use super::Field;

/// What is known at one place of a document and below it.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The field itself; absent for the top, and for a group that only its fields speak of.
    pub(crate) field: Option<Field>,
    /// What is known directly below, by pattern, in the order of the table.
    pub(crate) below: Vec<(&'static str, Self)>,
}

impl Tree {
    /// The tree of some fields.
    pub(crate) fn of(fields: impl IntoIterator<Item = Field>) -> Self {
        let mut top = Self::default();
        for field in fields {
            let place = field
                .path
                .split('.')
                .fold(&mut top, |tree, step| tree.child(step.strip_suffix("[]").unwrap_or(step)));
            place.field = Some(field);
        }
        top
    }

    fn child(&mut self, pattern: &'static str) -> &mut Self {
        let known = self.below.iter().position(|(known, _)| *known == pattern);
        let at = known.unwrap_or_else(|| {
            self.below.push((pattern, Self::default()));
            self.below.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the position is one of the list")]
        &mut self.below[at].1
    }

    /// What is known under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let named =
            self.below.iter().find(|(pattern, _)| alternatives(pattern).any(|name| name == key));
        let any = || self.below.iter().find(|(pattern, _)| *pattern == "*");
        named.or_else(any).map(|(_, tree)| tree)
    }

    /// The names known directly below, alternatives written out, and what is known under each.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'static str, &Self)> {
        let named = self.below.iter().filter(|(pattern, _)| *pattern != "*");
        named.flat_map(|(pattern, tree)| alternatives(pattern).map(move |name| (name, tree)))
    }

    /// What is known under any name that has none of its own.
    pub(crate) fn any(&self) -> Option<&Self> {
        self.below.iter().find(|(pattern, _)| *pattern == "*").map(|(_, tree)| tree)
    }

    /// The known name that is closest to `key`, when it is close enough to be meant.
    pub(crate) fn nearest(&self, key: &str) -> Option<&'static str> {
        /// Two slips of the hand: `lookbackPeriods` is `lookBackPeriod`.
        const DISTANCE_MAX: usize = 2;
        /// Longer than every known name by more than [`DISTANCE_MAX`].
        const LENGTH_MAX: usize = 60;
        if key.len() > LENGTH_MAX {
            return None;
        }
        let length = key.chars().count();
        self.names()
            .filter(|(name, _)| name.len().abs_diff(length) <= DISTANCE_MAX)
            .map(|(name, _)| (distance(name, key), name))
            // In a short name two slips make another word.
            .filter(|(distance, name)| *distance <= DISTANCE_MAX && *distance < name.len() / 2 + 1)
            .min()
            .map(|(_, name)| name)
    }

    /// All fields, depth first, in the order of the table.
    pub(crate) fn fields(&self) -> Vec<&Field> {
        let mut all = Vec::new();
        self.collect(&mut all);
        all
    }

    fn collect<'a>(&'a self, all: &mut Vec<&'a Field>) {
        all.extend(&self.field);
        for (_, tree) in &self.below {
            tree.collect(all);
        }
    }
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
    use crate::fields::Kind;

    fn check(key: &str, expect: Option<&str>) {
        let names = ["target", "lookBackPeriod", "memory", "{min,max}", "*"];
        let tree = Tree::of(names.map(|path| Field::new(path, Kind::Any, "")));
        assert_eq!(tree.nearest(key), expect, "{key}");
    }

    #[test]
    fn a_slip_of_the_hand_is_recognised() {
        check("taget", Some("target"));
        check("lookbackPeriods", Some("lookBackPeriod"));
        check("memmory", Some("memory"));
        check("Target", Some("target"));
        check("mn", Some("min"));
        check("x", None);
        check("burst", None);
        check(&"target".repeat(50), None);
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
    fn a_path_leads_to_its_field() {
        let list = Field::new("list[]", Kind::List(3), "");
        let name = Field::new("list[].name", Kind::Text(9), "");
        let tree = Tree::of([list, name, Field::new("{a,b}.*", Kind::Any, "")]);
        let find = |path: &str| {
            let place = path.split('.').try_fold(&tree, Tree::get);
            place.and_then(|tree| tree.field).map(|field| field.path)
        };
        assert_eq!(find("list"), Some("list[]"));
        assert_eq!(find("list.name"), Some("list[].name"));
        assert_eq!(find("b.anything"), Some("{a,b}.*"));
        assert_eq!(find("c"), None);
        assert_eq!(tree.fields().len(), 3);
    }

    /// Every table of every dialect.
    fn tables() -> Vec<&'static Tree> {
        let mut all: Vec<&'static Tree> = vec![
            &crate::settings::table::ANNOTATION,
            &crate::settings::table::OBJECT,
            &crate::annotation::OLDER_TREE,
            &crate::policy::RULES,
        ];
        all.extend(crate::thoras::trees().map(|(_, tree)| tree));
        all
    }

    #[test]
    fn every_field_of_every_table_is_found_under_its_path() {
        for tree in tables() {
            for field in tree.fields() {
                let mut places = vec![tree];
                for step in field.path.split('.') {
                    let step = step.strip_suffix("[]").unwrap_or(step);
                    places = places
                        .iter()
                        .flat_map(|place| alternatives(step).filter_map(|name| place.get(name)))
                        .collect();
                }
                let found = places
                    .iter()
                    .all(|place| place.field.is_some_and(|found| found.path == field.path));
                assert!(!places.is_empty() && found, "{}", field.path);
            }
        }
    }

    fn check_groups(tree: &Tree) {
        if let Some(field) = tree.field {
            assert_eq!(tree.below.is_empty(), !field.kind.has_fields(), "{}", field.path);
            for name in field.required {
                assert!(tree.get(name).is_some(), "{}: {name}", field.path);
            }
        }
        tree.below.iter().for_each(|(_, below)| check_groups(below));
    }

    #[test]
    fn every_group_has_the_fields_it_requires_and_nothing_else_has_fields() {
        for field in tables().into_iter().flat_map(Tree::fields) {
            assert!(field.required.is_empty() || field.kind.has_fields(), "{}", field.path);
        }
        tables().into_iter().for_each(check_groups);
    }
}
