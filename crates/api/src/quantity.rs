//! Kubernetes quantities: `220m`, `1.5Gi`, `1e3`. The grammar is that of
//! `k8s.io/apimachinery/pkg/api/resource`, without negative values: nothing here can be below zero.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use plimsoll_domain::{Allocation, Amount, PerResource, Resource, Resources};

/// The longest text that is read as a quantity; the longest sensible one is an 18-digit number of
/// bytes with a fraction.
const LENGTH_MAX: usize = 40;

/// Kubernetes reads anything above 2^63 - 1 as that; as a binary fraction it is 2^63.
const GREATEST: f64 = 8_192.0 * 1_125_899_906_842_624.0;

/// A text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "read {text:?} as a quantity: expected a number with an optional suffix, such as 250m, 1.5, 512Mi or 2G"
)]
pub struct QuantityError {
    text: String,
}

/// Suffixes and what they stand for; those of two letters first, since `Mi` ends like `i` nothing
/// but begins like `M`.
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_024.0 * 1_125_899_906_842_624.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// Reads a quantity, as cores or bytes.
pub fn parse_quantity(text: &str) -> Result<Amount, QuantityError> {
    parse(text.trim())
        .ok_or_else(|| QuantityError { text: text.chars().take(LENGTH_MAX).collect() })
}

/// Writes an amount so that it reads back the same: `220m` or `2` for CPU, `451Mi` or whole bytes
/// for memory.
pub fn format_quantity(resource: Resource, amount: Amount) -> String {
    match resource {
        Resource::Cpu => format_cpu(amount.value()),
        Resource::Memory => format_memory(amount.value()),
    }
}

/// Requests and limits as Kubernetes has them; what is no quantity counts as not set.
pub fn resources_from_k8s(requirements: Option<&ResourceRequirements>) -> Resources {
    let requests = requirements.and_then(|requirements| requirements.requests.as_ref());
    let limits = requirements.and_then(|requirements| requirements.limits.as_ref());
    PerResource::from_fn(|resource| Allocation {
        request: amount(requests, resource),
        limit: amount(limits, resource),
    })
}

/// Requests and limits as Kubernetes wants them; what is not set is left out.
pub fn resources_to_k8s(resources: &Resources) -> ResourceRequirements {
    let map = |of: fn(&Allocation) -> Option<Amount>| {
        let set = resources.iter().filter_map(|(resource, allocation)| {
            let text = format_quantity(resource, of(allocation)?);
            Some((resource.name().to_owned(), Quantity(text)))
        });
        let set: BTreeMap<String, Quantity> = set.collect();
        (!set.is_empty()).then_some(set)
    };
    ResourceRequirements {
        requests: map(|allocation| allocation.request),
        limits: map(|allocation| allocation.limit),
        ..ResourceRequirements::default()
    }
}

fn amount(quantities: Option<&BTreeMap<String, Quantity>>, resource: Resource) -> Option<Amount> {
    parse_quantity(&quantities?.get(resource.name())?.0).ok()
}

fn parse(text: &str) -> Option<Amount> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let suffix = SUFFIXES.iter().find_map(|(suffix, by)| Some((text.strip_suffix(suffix)?, *by)));
    let (number, by) = suffix.unwrap_or((text, 1.0));
    let mantissa = match number.split_once(['e', 'E']) {
        // An exponent and a suffix exclude each other.
        Some(_) if suffix.is_some() => return None,
        Some((mantissa, exponent)) => exponent.parse::<i32>().ok().map(|_| mantissa)?,
        None => number,
    };
    if !is_plain_number(mantissa) {
        return None;
    }
    // Digits and exponent are read as one: 12e-4 is 0.0012, 12 times 10^-4 is a little more.
    let value: f64 = number.parse().ok()?;
    // Dividing by a power of ten is exact where multiplying by its inverse is not: 220m is 0.22.
    let scaled = if by < 1.0 { value / (1.0 / by).round() } else { value * by };
    Amount::new(scaled.min(GREATEST))
}

/// Digits with at most one point, and an optional plus sign: no `inf`, no `nan`, no minus.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    digits.chars().any(|c| c.is_ascii_digit())
        && digits.chars().all(is_number)
        && digits.matches('.').count() <= 1
}

fn format_cpu(cores: f64) -> String {
    let milli = cores * 1000.0;
    if is_whole(cores) {
        format!("{cores:.0}")
    } else if is_whole(milli) {
        format!("{milli:.0}m")
    } else {
        format!("{:.0}n", whole(cores * 1e9))
    }
}

fn format_memory(bytes: f64) -> String {
    let bytes = whole(bytes);
    let mebibytes = bytes / 1_048_576.0;
    if mebibytes > 0.0 && mebibytes.fract() == 0.0 {
        format!("{mebibytes:.0}Mi")
    } else {
        format!("{bytes:.0}")
    }
}

/// The number itself but for a rounding error when it is whole, else the next greater one.
fn whole(value: f64) -> f64 {
    if is_whole(value) { value.round() } else { value.ceil() }
}

/// Whether a number is whole but for a rounding error.
fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() <= value.abs() * 1e-12
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Option<f64>) {
        let read = parse_quantity(text).ok().map(Amount::value);
        assert_eq!(read, expect, "{text:?}");
    }

    #[test]
    fn reads_what_kubernetes_reads() {
        check("220m", Some(0.22));
        check("2", Some(2.0));
        check("1.5", Some(1.5));
        check(".5", Some(0.5));
        check("+1", Some(1.0));
        check("410Mi", Some(410.0 * 1_048_576.0));
        check("1.5Gi", Some(1.5 * 1_073_741_824.0));
        check("1G", Some(1e9));
        check("1E", Some(1e18));
        check("7Ei", Some(7.0 * 1_024.0 * 1_125_899_906_842_624.0));
        check("9Ei", Some(GREATEST));
        check("1e3", Some(1000.0));
        check("12E2", Some(1200.0));
        check("12e-4", Some(0.0012));
        check("3e-5", Some(0.00003));
        check("100E", Some(GREATEST));
        check("1e400", Some(GREATEST));
        check("100n", Some(1e-7));
        check("500u", Some(0.0005));
        check("0", Some(0.0));
    }

    #[test]
    fn refuses_what_is_no_quantity() {
        for text in [
            "", "m", "Mi", "-1", "1 Gi", "1KB", "NaN", "inf", "1.2.3", "1e", "1e3Mi", "0x10",
            "1_000",
        ] {
            check(text, None);
        }
        check(&"9".repeat(100), None);
    }

    #[test]
    fn writes_the_shortest_form_and_loses_nothing() {
        for (resource, value, expect) in [
            (Resource::Cpu, 0.2 * 1.1, "220m"),
            (Resource::Cpu, 2.0, "2"),
            (Resource::Cpu, 0.00003, "30000n"),
            (Resource::Cpu, 0.0, "0"),
            (Resource::Memory, 410.0 * 1.1 * 1_048_576.0, "451Mi"),
            (Resource::Memory, 8_388_608.0 * 1_048_576.0 + 1.0, "8796093022209"),
            (Resource::Memory, 0.4, "1"),
        ] {
            assert_eq!(format_quantity(resource, Amount::new(value).unwrap()), expect);
        }
    }

    fn written_and_read(resource: Resource, amount: Amount) {
        assert_eq!(parse_quantity(&format_quantity(resource, amount)), Ok(amount));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_the_same(milli in 0_u32..10_000_000, mebi in 0_u32..10_000_000) {
            written_and_read(Resource::Cpu, Amount::from_millicores(milli));
            written_and_read(Resource::Memory, Amount::from_mebibytes(mebi));
        }

        #[test]
        fn so_are_the_smallest_parts(nano in 0_u32..u32::MAX, bytes in 0_u32..u32::MAX) {
            written_and_read(Resource::Cpu, Amount::new(f64::from(nano) / 1e9).unwrap());
            let terabytes = 1e13;
            written_and_read(Resource::Memory, Amount::new(terabytes + f64::from(bytes)).unwrap());
        }

        #[test]
        fn what_is_written_is_never_less(value in 0.0_f64..1e6) {
            let amount = Amount::new(value).unwrap();
            for resource in Resource::ALL {
                let read = parse_quantity(&format_quantity(resource, amount)).unwrap();
                prop_assert!(read.value() >= value * (1.0 - 1e-12));
            }
        }

        #[test]
        fn any_text_is_a_quantity_or_an_error(text in ".*") {
            parse_quantity(&text).ok();
        }
    }
}
