//! A small plot for the terminal: what was, and what may come.

use std::fmt::Write as _;

/// Rows of a plot.
const HEIGHT: usize = 10;
/// Columns of each half.
const WIDTH: usize = 36;

/// What is to be plotted, oldest first; any lengths, any scale.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    /// What was used.
    pub past: &'a [f64],
    /// The median of what may come.
    pub median: &'a [f64],
    /// What may come in one case of ten, or more.
    pub high: &'a [f64],
}

impl Plot<'_> {
    /// Two halves side by side: each column is the greatest of its share of the values. `label` says a
    /// value in its unit.
    pub fn render(&self, label: impl Fn(f64) -> String) -> String {
        let past = columns(self.past);
        let (median, high) = (columns(self.median), columns(self.high));
        let all = past.iter().chain(&high).chain(&median).copied();
        let top = all.fold(0.0, f64::max);
        let labels = [label(top), label(top / 2.0), label(0.0)];
        let margin = labels.iter().map(String::len).max().unwrap_or_default();
        let mut text = String::new();
        for row in (0..HEIGHT).rev() {
            let name = match row {
                row if row + 1 == HEIGHT => &labels[0],
                row if row == HEIGHT / 2 => &labels[1],
                0 => &labels[2],
                _ => "",
            };
            let left: String = past.iter().map(|value| cell(*value, top, row, '#')).collect();
            let right =
                median.iter().zip(&high).map(|(median, high)| match cell(*median, top, row, '=') {
                    ' ' => cell(*high, top, row, '.'),
                    mark => mark,
                });
            let line = format!("{name:>margin$} |{left:>WIDTH$}|{}", right.collect::<String>());
            writeln!(text, "{}", line.trim_end()).ok();
        }
        let used = "used # ";
        writeln!(text, "{:>margin$}  {used:>WIDTH$}| = median, . 90th percentile", "").ok();
        text
    }
}

fn columns(values: &[f64]) -> Vec<f64> {
    let width = WIDTH.min(values.len());
    let begin = |column: usize| column * values.len() / width.max(1);
    (0..width)
        .map(|column| values[begin(column)..begin(column + 1)].iter().copied().fold(0.0, f64::max))
        .collect()
}

/// The mark where the value reaches into the row; a value above nothing always has the lowest.
fn cell(value: f64, top: f64, row: usize, mark: char) -> char {
    let reaches = value > 0.0 && (row == 0 || value / top * HEIGHT as f64 > row as f64 + 0.5);
    if reaches { mark } else { ' ' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_the_next() {
        let past: Vec<f64> = (0..72).map(|n| if n < 36 { 1.0 } else { 4.0 }).collect();
        let (median, high) = (vec![2.0; 72], vec![4.0; 72]);
        let plot = Plot { past: &past, median: &median, high: &high };
        let text = plot.render(|value| format!("{value:.0}"));
        let half = 18;
        let top = format!("4 |{}{}|{}", " ".repeat(half), "#".repeat(half), ".".repeat(36));
        let middle = format!("2 |{}{}|{}", " ".repeat(half), "#".repeat(half), ".".repeat(36));
        let bottom = format!("0 |{}|{}", "#".repeat(36), "=".repeat(36));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[4], lines[9]), (&*top, &*middle, &*bottom), "\n{text}");
    }

    #[test]
    fn nothing_is_no_trouble() {
        let plot = Plot { past: &[], median: &[], high: &[] };
        assert_eq!(plot.render(|value| format!("{value:.0}")).lines().count(), HEIGHT + 1);
    }
}
