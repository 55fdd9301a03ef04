//! The server's answers: series of values, read without holding the text.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::PrometheusError;

/// One series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    /// Its labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// Moments in seconds since the Unix epoch, and values, which may be NaN or infinite.
    pub(crate) points: Vec<(f64, f64)>,
}

impl Series {
    /// The value of a label; empty where there is none.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// What the parser has found so far.
#[derive(Default)]
struct Found {
    series: Vec<Series>,
    points: usize,
    max: usize,
    /// The answer's own error.
    error: Option<String>,
    has_result: bool,
}

/// Reads an answer to its end; no more than `max` values.
pub(super) fn parse(from: impl Read, max: usize) -> Result<Vec<Series>, PrometheusError> {
    let found = RefCell::new(Found { max, ..Found::default() });
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(from));
    let read = Answer(&found).deserialize(&mut json);
    let found = found.into_inner();
    if found.points > max {
        return Err(PrometheusError::TooMuch { max });
    }
    if let Some(message) = found.error {
        return Err(PrometheusError::Refused { status: 200, message, of_question: true });
    }
    let read = read.and_then(|()| json.end());
    match read {
        Err(error) => Err(PrometheusError::Malformed { what: error.to_string() }),
        Ok(()) if !found.has_result => {
            Err(PrometheusError::Malformed { what: "it has no result".to_owned() })
        }
        Ok(()) => Ok(found.series),
    }
}

/// What an answer with another status than 200 says went wrong.
pub(super) fn error(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Failed {
        error: String,
    }
    serde_json::from_slice::<Failed>(bytes).ok().map(|failed| failed.error)
}

/// The answer as a whole: `{"status": ..., "data": ...}`.
struct Answer<'a>(&'a RefCell<Found>);
/// `{"resultType": ..., "result": [...]}`.
struct Data<'a>(&'a RefCell<Found>);
/// The list of series.
struct Results<'a>(&'a RefCell<Found>);
/// The values of one series.
struct Points<'a>(&'a RefCell<Found>);

macro_rules! seed {
    ($name:ident, $value:ty, $call:ident) => {
        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = $value;
            fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<$value, D::Error> {
                from.$call(self)
            }
        }
    };
}
seed!(Answer, (), deserialize_map);
seed!(Data, (), deserialize_map);
seed!(Results, (), deserialize_seq);
seed!(Points, Vec<(f64, f64)>, deserialize_seq);

impl<'de> Visitor<'de> for Answer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "data" => map.next_value_seed(Data(self.0))?,
                "error" => self.0.borrow_mut().error = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "result" {
                map.next_value_seed(Results(self.0))?;
                self.0.borrow_mut().has_result = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Results<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(OneSeries(self.0))?.is_some() {}
        Ok(())
    }
}

/// `{"metric": {...}, "values": [...]}`, or `value` with one of them.
struct OneSeries<'a>(&'a RefCell<Found>);
seed!(OneSeries, (), deserialize_map);

impl<'de> Visitor<'de> for OneSeries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut series = Series::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "metric" => series.labels = map.next_value()?,
                "values" => series.points = map.next_value_seed(Points(self.0))?,
                "value" => {
                    let point: Point = map.next_value()?;
                    self.0.borrow_mut().count::<A::Error>()?;
                    series.points.push(point.read()?);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        self.0.borrow_mut().series.push(series);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Points<'_> {
    type Value = Vec<(f64, f64)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut points = Vec::new();
        while let Some(point) = list.next_element::<Point>()? {
            self.0.borrow_mut().count::<A::Error>()?;
            points.push(point.read()?);
        }
        Ok(points)
    }
}

/// A moment and a value, which is a text.
#[derive(Deserialize)]
struct Point(f64, String);

impl Point {
    fn read<E: Error>(self) -> Result<(f64, f64), E> {
        let value = self.1.parse();
        Ok((self.0, value.map_err(|_| E::custom(format!("{:?} is no value", self.1)))?))
    }
}

impl Found {
    /// Counts one value more; an error ends the reading where there are too many.
    fn count<E: Error>(&mut self) -> Result<(), E> {
        self.points += 1;
        if self.points > self.max { Err(E::custom("too many values")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer, of which four values may be taken; expects its series as `labels: values`, or how
    /// the error begins.
    fn check(json: &str, expect: Result<&[&str], &str>) {
        let found = parse(json.as_bytes(), 4).map(|series| {
            let lines = series.iter().map(|series| {
                let labels: Vec<String> =
                    series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let points: Vec<String> =
                    series.points.iter().map(|(at, value)| format!("{value}@{at}")).collect();
                format!("{}: {}", labels.join(","), points.join(" "))
            });
            lines.collect::<Vec<_>>()
        });
        match (&found, expect) {
            (Err(error), Err(begin)) => assert!(error.to_string().starts_with(begin), "{error}"),
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            _ => panic!("{found:?}"),
        }
    }

    #[test]
    fn reads_series_of_both_forms() {
        check(
            r#"{"status":"success","data":{"resultType":"matrix","result":[
                {"metric":{"pod":"a","container":"app"},"values":[[0,"1.5"],[300.5,"NaN"]]},
                {"values":[[0,"+Inf"]],"metric":{}}]}}"#,
            Ok(&["container=app,pod=a: 1.5@0 NaN@300.5", ": inf@0"]),
        );
        check(
            r#"{"warnings":["x"],"data":{"result":[{"metric":{"pod":"a"},"value":[7,"2"]}],
                "resultType":"vector","stats":{}},"status":"success"}"#,
            Ok(&["pod=a: 2@7"]),
        );
        check(r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, Ok(&[]));
    }

    #[test]
    fn an_answer_that_breaks_off_is_never_taken_for_whole() {
        let whole = r#"{"status":"success","data":{"resultType":"matrix","result":[
            {"metric":{"pod":"a"},"values":[[0,"1.5"],[300,"2"]]}]}}"#;
        assert!(parse(whole.as_bytes(), 4).is_ok());
        for end in 0..whole.len() {
            let cut = &whole.as_bytes()[..end];
            assert!(parse(cut, 4).is_err(), "{}", String::from_utf8_lossy(cut));
        }
    }

    #[test]
    fn more_values_than_may_be_taken_end_the_reading() {
        let five = r#"{"data":{"result":[{"values":[[0,"1"],[1,"1"],[2,"1"],[3,"1"],[4,"1"]]}]}}"#;
        check(five, Err("take the answer of Prometheus: it has more than 4 values"));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for json in [
            "",
            "<html>",
            "{}",
            r#"{"data":{"result":[{"values":[[0,"1"]"#,
            r#"{"data":{"result":[{"values":[[0,"many"]]}]}}"#,
            r#"{"data":{"result":[{"values":[["0","1"]]}]}}"#,
            r#"{"data":{"result":{}}}"#,
        ] {
            check(json, Err("read the answer of Prometheus: "));
        }
        let said = r#"{"status":"error","errorType":"execution","error":"no such function"}"#;
        check(said, Err("ask Prometheus: it said 200: no such function"));
    }
}
