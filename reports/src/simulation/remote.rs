//! From which bandwidth on fetching beats compiling.

use super::RemoteRow;

/// The bandwidth from which on fetching everything available is faster than compiling all, for the command, policy and
/// network of the first row: `from somewhere between 10 Mbit/s and 100 Mbit/s on`.
pub fn faster_from(rows: &[RemoteRow]) -> Option<String> {
    fn setup(row: &RemoteRow) -> (&str, &str, &str, f64, u32, u32) {
        (&row.policy, &row.command, &row.lookup, row.latency_s, row.transfers, row.jobs)
    }
    let first = rows.first()?;
    let mut rows: Vec<&RemoteRow> = rows.iter().filter(|row| setup(row) == setup(first)).collect();
    rows.sort_by(|a, b| a.bits_per_s.total_cmp(&b.bits_per_s));
    let faster: Vec<bool> = rows.iter().map(|row| row.fetch_s < row.compile_s).collect();
    let at = |nth: usize| format!("{} Mbit/s", (rows[nth].bits_per_s / 1e3).round() / 1e3);
    Some(match faster.iter().position(|faster| *faster) {
        None => format!("at none, up to {}", at(rows.len() - 1)),
        Some(from) if faster[from..].contains(&false) => "now and then, in no order of bandwidth".into(),
        Some(0) => format!("at every bandwidth looked at, from {} on", at(0)),
        Some(from) => format!("from somewhere between {} and {} on", at(from - 1), at(from)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetching_breaks_even_between_two_bandwidths() {
        let row = |(bits, fetch_s): (f64, f64)| RemoteRow {
            bits_per_s: bits * 1e6,
            compile_s: 100.0,
            fetch_s,
            ..RemoteRow::default()
        };
        let found = |times: [f64; 3]| {
            let rows: Vec<RemoteRow> = [1.0, 2.0, 3.0].into_iter().zip(times).map(row).collect();
            faster_from(&rows).unwrap()
        };
        assert_eq!(found([300.0, 200.0, 50.0]), "from somewhere between 2 Mbit/s and 3 Mbit/s on");
        assert_eq!(found([90.0, 80.0, 50.0]), "at every bandwidth looked at, from 1 Mbit/s on");
        assert_eq!(found([300.0, 200.0, 100.0]), "at none, up to 3 Mbit/s");
        assert_eq!(found([300.0, 20.0, 200.0]), "now and then, in no order of bandwidth");
    }
}
