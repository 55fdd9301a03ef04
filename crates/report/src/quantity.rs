//! Amounts as Kubernetes quantities: CPU in thousandths of a core (`220m`), memory in mebibytes
//! (`451Mi`), always in these units, so that two of them can be compared at a glance.

use plimsoll_domain::{Amount, Resource};

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Rounded up to whole thousandths of a core or mebibytes, as values are written to pods.
pub fn format_amount(resource: Resource, amount: Amount) -> String {
    format!("{:.0}{}", in_units(resource, amount.rounded_up(resource)), unit(resource))
}

/// With one decimal where that tells more (two below ten), for the steps of an explanation:
/// rounding those up would show sums that do not add up.
pub fn format_step(resource: Resource, amount: Amount) -> String {
    let value = in_units(resource, amount);
    let digits = if value < 10.0 { format!("{value:.2}") } else { format!("{value:.1}") };
    format!("{}{}", digits.trim_end_matches('0').trim_end_matches('.'), unit(resource))
}

/// To the billionth of a core or the byte, for what is read back.
pub fn format_exact(resource: Resource, amount: Amount) -> String {
    let whole = in_units(resource, amount);
    if (whole - whole.round()).abs() < f64::EPSILON * whole {
        return format!("{whole:.0}{}", unit(resource));
    }
    match resource {
        Resource::Cpu => format!("{:.0}n", amount.value() * 1e9),
        Resource::Memory => format!("{:.0}", amount.value()),
    }
}

fn in_units(resource: Resource, amount: Amount) -> f64 {
    match resource {
        Resource::Cpu => amount.value() * 1000.0,
        Resource::Memory => amount.value() / MEBIBYTE,
    }
}

fn unit(resource: Resource) -> &'static str {
    match resource {
        Resource::Cpu => "m",
        Resource::Memory => "Mi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(resource: Resource, value: f64, expect: [&str; 3]) {
        let amount = Amount::new(value).unwrap();
        let found = [
            format_amount(resource, amount),
            format_step(resource, amount),
            format_exact(resource, amount),
        ];
        assert_eq!(found, expect);
    }

    #[test]
    fn amounts_are_written_rounded_up_readable_and_exact() {
        check(Resource::Cpu, 0.22, ["220m", "220m", "220m"]);
        check(Resource::Cpu, 0.2 * 1.1, ["220m", "220m", "220m"]);
        check(Resource::Cpu, 0.180_44, ["181m", "180.4m", "180440000n"]);
        check(Resource::Cpu, 0.001_234, ["2m", "1.23m", "1234000n"]);
        check(Resource::Cpu, 0.0, ["0m", "0m", "0n"]);
        check(Resource::Cpu, 4.0, ["4000m", "4000m", "4000m"]);
        check(Resource::Memory, 451.0 * MEBIBYTE, ["451Mi", "451Mi", "451Mi"]);
        check(Resource::Memory, 430_000_001.0, ["411Mi", "410.1Mi", "430000001"]);
    }
}
