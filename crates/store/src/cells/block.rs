//! The payloads of a segment: up to 1,024 identities, or the cells of up to 1,024 identities in one
//! five minutes. Column by column, then deflated.

use std::io::{self, Read, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use plimsoll_domain::{ContainerKey, Timestamp, UsageCell};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

use super::code::{Round, decode, encode};
use crate::key;

/// The layouts of both payloads; each goes up when something is added or changed, and what has a
/// greater one is passed over.
const NAMES_VERSION: u8 = 1;
const CELLS_VERSION: u8 = 1;

/// Identities of a block: so many that a block is worth compressing and its head is nothing (17 of
/// 4,000 bytes), so few that whoever wants one container reads little else.
pub(super) const BLOCK: u16 = 1024;

/// The block of an identity's number, and its place there.
pub(super) fn place_of(number: u32) -> (u32, u16) {
    let block = u32::from(BLOCK);
    (number / block, u16::try_from(number % block).unwrap_or_default())
}

/// The number of the first identity of a block.
pub(super) fn first_of(block: u32) -> u32 {
    block.saturating_mul(u32::from(BLOCK))
}

/// Unpacked, a block of cells has 128 bytes of bits and at most 14 for each cell, one of names
/// 1,024 times four texts of at most 253 bytes: a quarter of this.
const UNPACKED_MAX: u64 = 4 * 1024 * 1024;

/// Identities as a payload.
pub(super) fn write_names(keys: &[&ContainerKey]) -> io::Result<Vec<u8>> {
    let mut out = Writer::default();
    out.length(keys.len());
    for key in keys {
        key::write(&mut out, key);
    }
    pack(vec![NAMES_VERSION], &out.bytes)
}

/// What [`write_names`] wrote; the error says in words what is wrong.
pub(super) fn read_names(payload: &[u8]) -> Result<Vec<ContainerKey>, String> {
    let (version, packed) = payload.split_first().ok_or("is empty")?;
    check_version(*version, NAMES_VERSION)?;
    let bytes = unpack(packed)?;
    let mut from = Reader::new(&bytes);
    let names = from.list(key::read).map_err(words)?;
    ends(&from)?;
    Ok(names)
}

/// Cells of one five minutes as a payload, each with its container's place within the block, in
/// rising order.
pub(super) fn write_cells(start: Timestamp, cells: &[(u16, UsageCell)]) -> io::Result<Vec<u8>> {
    let mut present = [0_u8; BLOCK as usize / 8];
    for (place, _) in cells {
        if let Some(byte) = present.get_mut(usize::from(place / 8)) {
            *byte |= 1 << (place % 8);
        }
    }
    let mut out = present.to_vec();
    let means: Vec<u16> = column(cells, |cell| encode(cell.cpu_mean, Round::Nearest));
    let memory: Vec<u16> = column(cells, |cell| encode(cell.memory_max, Round::Up));
    for codes in [&means, &memory] {
        out.extend(codes.iter().map(|code| code.to_be_bytes()[0]));
        out.extend(codes.iter().map(|code| code.to_be_bytes()[1]));
    }
    for ((_, cell), mean) in cells.iter().zip(means) {
        // One pod's mean is the greatest: most of these are zero.
        let above = encode(cell.cpu_max, Round::Nearest).wrapping_sub(mean);
        varint(&mut out, u32::from(above));
    }
    for (_, cell) in cells {
        varint(&mut out, cell.pods);
    }
    let mut head = vec![CELLS_VERSION];
    head.extend(start.seconds().to_le_bytes());
    pack(head, &out)
}

/// What [`write_cells`] wrote; the error says in words what is wrong.
pub(super) fn read_cells(payload: &[u8]) -> Result<Vec<(u16, UsageCell)>, String> {
    let mut from = Reader::new(payload);
    let version = from.take(1).map_err(words)?;
    check_version(version.first().copied().unwrap_or_default(), CELLS_VERSION)?;
    let start = from.time().map_err(words)?;
    let bytes = unpack(payload.get(9..).unwrap_or_default())?;
    let mut from = Reader::new(&bytes);
    let present = from.take(BLOCK as usize / 8).map_err(words)?;
    let is_present = |place: &u16| {
        present.get(usize::from(place / 8)).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
    };
    let places: Vec<u16> = (0..BLOCK).filter(is_present).collect();
    let means = codes(&mut from, places.len())?;
    let memory = codes(&mut from, places.len())?;
    let above = varints(&mut from, places.len())?;
    let pods = varints(&mut from, places.len())?;
    ends(&from)?;
    let columns = means.iter().zip(memory).zip(above.into_iter().zip(pods));
    let cells = places.into_iter().zip(columns).map(|(place, ((mean, memory), (above, pods)))| {
        let max = mean.wrapping_add((above & 0xffff) as u16);
        let (cpu_mean, cpu_max, memory_max) = (decode(*mean), decode(max), decode(memory));
        (place, UsageCell { start, cpu_mean, cpu_max, memory_max, pods })
    });
    Ok(cells.collect())
}

fn column<T>(cells: &[(u16, UsageCell)], of: impl Fn(&UsageCell) -> T) -> Vec<T> {
    cells.iter().map(|(_, cell)| of(cell)).collect()
}

fn codes(from: &mut Reader<'_>, count: usize) -> Result<Vec<u16>, String> {
    let (high, low) = (from.take(count).map_err(words)?, from.take(count).map_err(words)?);
    Ok(high.iter().zip(low).map(|(high, low)| u16::from_be_bytes([*high, *low])).collect())
}

/// Seven bits at a time, the lowest first; the highest bit says that there are more.
fn varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn varints(from: &mut Reader<'_>, count: usize) -> Result<Vec<u32>, String> {
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let mut value = 0_u32;
        for shift in (0..).step_by(7) {
            let byte = from.take(1).map_err(words)?.first().copied().unwrap_or_default();
            let bits = u32::from(byte & 0x7f);
            if shift > 28 || bits << shift >> shift != bits {
                return Err("holds a number that is too large".to_owned());
            }
            value |= bits << shift;
            if byte < 0x80 {
                break;
            }
        }
        values.push(value);
    }
    Ok(values)
}

fn pack(mut head: Vec<u8>, body: &[u8]) -> io::Result<Vec<u8>> {
    head.reserve(body.len() / 2);
    let mut packer = DeflateEncoder::new(head, Compression::fast());
    packer.write_all(body)?;
    packer.finish()
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    DeflateDecoder::new(packed)
        .take(UNPACKED_MAX)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be unpacked: {error}"))?;
    Ok(bytes)
}

fn check_version(found: u8, known: u8) -> Result<(), String> {
    if found == known {
        return Ok(());
    }
    Err(format!("has version {found} and this program knows only {known}"))
}

fn ends(from: &Reader<'_>) -> Result<(), String> {
    if from.is_at_end() { Ok(()) } else { Err("holds more than it should".to_owned()) }
}

fn words(error: ReadError) -> String {
    match error {
        ReadError::Truncated => "ends too early".to_owned(),
        ReadError::Malformed(what) => format!("holds a {what} that is none"),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_domain::{Amount, Resource};
    use proptest::prelude::*;

    use super::*;

    fn arb_cells() -> impl Strategy<Value = Vec<(u16, UsageCell)>> {
        let amount =
            || prop::option::of((0.0..1e15_f64).prop_map(|value| Amount::new(value).unwrap()));
        let cell =
            (amount(), amount(), amount(), any::<u32>()).prop_map(|(mean, max, memory, pods)| {
                let start = Timestamp::from_seconds(1_767_571_200);
                UsageCell { start, cpu_mean: mean, cpu_max: max, memory_max: memory, pods }
            });
        prop::collection::btree_map(0..BLOCK, cell, 0..50)
            .prop_map(|cells| cells.into_iter().collect())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_written_the_same(cells in arb_cells()) {
            let start = Timestamp::from_seconds(1_767_571_200);
            let read = read_cells(&write_cells(start, &cells).unwrap()).unwrap();
            prop_assert_eq!(read.len(), cells.len());
            for ((place, cell), (from_place, from)) in read.iter().zip(&cells) {
                prop_assert_eq!((place, cell.pods), (from_place, from.pods));
                prop_assert!(cell.memory_max >= from.memory_max.map(|it| it.min(cell.memory_max.unwrap())));
                prop_assert_eq!(cell.cpu_mean.is_some(), from.cpu_mean.is_some());
                // Forecasts were made from it before it was written.
                prop_assert_eq!(cell.cpu_max, from.stored_peak(Resource::Cpu));
                prop_assert_eq!(cell.memory_max, from.stored_peak(Resource::Memory));
            }
            let again = read_cells(&write_cells(start, &read).unwrap()).unwrap();
            prop_assert_eq!(again, read);
        }

        #[test]
        fn no_bytes_are_too_odd_to_be_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            read_names(&bytes).ok();
            read_cells(&bytes).ok();
            let packed = pack(vec![CELLS_VERSION, 0, 0, 0, 0, 0, 0, 0, 0], &bytes).unwrap();
            prop_assert!(read_cells(&packed).is_err() || bytes.len() >= 128);
            read_names(&pack(vec![NAMES_VERSION], &bytes).unwrap()).ok();
        }
    }

    #[test]
    fn a_later_layout_is_told_by_its_number() {
        let mut payload = write_cells(Timestamp::default(), &[]).unwrap();
        payload[0] = 2;
        assert_eq!(read_cells(&payload), Err("has version 2 and this program knows only 1".into()));
    }
}
