//! Judgements as bytes and back.

use plimsoll_domain::{AutoVerdict, CpuWhy, Judgement, MemoryWhy, Ratio, Why};
use plimsoll_history::bytes::{ReadError, Reader, Writer};

/// In the order of their numbers on disk.
const VERDICTS: [AutoVerdict; 10] = [
    AutoVerdict::First,
    AutoVerdict::RaisedForGain,
    AutoVerdict::RaisedForRisk,
    AutoVerdict::RaisedAtOnce,
    AutoVerdict::RaisedForPeak,
    AutoVerdict::RaisedAfterKill,
    AutoVerdict::Lowered,
    AutoVerdict::NotWorthIt,
    AutoVerdict::HeldByKill,
    AutoVerdict::HeldAsLeak,
];

const CPU: u16 = 0;
const MEMORY: u16 = 1;
const BURSTABLE: u16 = 2;

pub(super) fn write(out: &mut Writer, judgement: Judgement) {
    let Judgement { at, verdict, why } = judgement;
    out.time(at);
    let number = VERDICTS.iter().position(|one| *one == verdict).unwrap_or_default();
    out.u16(u16::try_from(number).unwrap_or_default());
    match why {
        Why::Cpu(why) => {
            out.u16(CPU);
            write_cpu(out, &why);
        }
        Why::Memory(why) => {
            out.u16(MEMORY);
            write_memory(out, &why);
        }
        Why::Burstable { day_peak } => {
            out.u16(BURSTABLE);
            out.amount(day_peak);
        }
    }
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Judgement, ReadError> {
    let at = from.time()?;
    let verdict = VERDICTS.get(usize::from(from.u16()?)).copied();
    let verdict = verdict.ok_or(ReadError::Malformed("verdict"))?;
    let why = match from.u16()? {
        CPU => Why::Cpu(read_cpu(from)?),
        MEMORY => Why::Memory(read_memory(from)?),
        BURSTABLE => Why::Burstable { day_peak: from.amount()? },
        _ => return Err(ReadError::Malformed("kind of judgement")),
    };
    Ok(Judgement { at, verdict, why })
}

fn write_cpu(out: &mut Writer, why: &CpuWhy) {
    let CpuWhy {
        price,
        price_set,
        debt_factor,
        time_above_lately,
        time_above,
        time_above_cheapest,
        cheapest,
        gain,
        gain_needed,
        busiest_pod,
    } = *why;
    for ratio in
        [price, price_set, debt_factor, time_above_lately, time_above_cheapest, gain_needed]
    {
        out.f64(ratio.value());
    }
    for ratio in [time_above, gain] {
        out.option(ratio, |out, ratio| out.f64(ratio.value()));
    }
    out.amount(cheapest);
    out.option(busiest_pod, Writer::amount);
}

fn read_cpu(from: &mut Reader<'_>) -> Result<CpuWhy, ReadError> {
    Ok(CpuWhy {
        price: ratio(from)?,
        price_set: ratio(from)?,
        debt_factor: ratio(from)?,
        time_above_lately: ratio(from)?,
        time_above_cheapest: ratio(from)?,
        gain_needed: ratio(from)?,
        time_above: from.option(ratio)?,
        gain: from.option(ratio)?,
        cheapest: from.amount()?,
        busiest_pod: from.option(Reader::amount)?,
    })
}

fn write_memory(out: &mut Writer, why: &MemoryWhy) {
    let MemoryWhy { peak, margin, times_broken, days, floor, most } = *why;
    out.amount(peak);
    for ratio in [margin, times_broken, days] {
        out.f64(ratio.value());
    }
    out.option(floor, Writer::amount);
    out.option(most, Writer::amount);
}

fn read_memory(from: &mut Reader<'_>) -> Result<MemoryWhy, ReadError> {
    Ok(MemoryWhy {
        peak: from.amount()?,
        margin: ratio(from)?,
        times_broken: ratio(from)?,
        days: ratio(from)?,
        floor: from.option(Reader::amount)?,
        most: from.option(Reader::amount)?,
    })
}

fn ratio(from: &mut Reader<'_>) -> Result<Ratio, ReadError> {
    Ratio::new(from.f64()?).ok_or(ReadError::Malformed("ratio"))
}
