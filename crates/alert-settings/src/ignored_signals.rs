//! Signals that whoever started the process wants it to ignore, as `nohup` does, and a shell for `command &`.

/// The signals that this process ignores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IgnoredSignals(u64);

impl IgnoredSignals {
    /// Those of this process; to be asked before it handles any. Nothing is known of them where there is no `/proc`.
    pub fn of_process() -> Self {
        std::fs::read_to_string("/proc/self/status").map(|status| Self::parse(&status)).unwrap_or_default()
    }

    /// Whether the signal of this number is ignored.
    pub fn has(self, signal: i32) -> bool {
        (1..=64).contains(&signal) && self.0 & (1 << (signal - 1)) != 0
    }

    /// Reads the mask of proc_pid_status(5).
    fn parse(status: &str) -> Self {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_status_then_each_signal_of_the_mask_is_ignored() {
        let ignored = IgnoredSignals::parse("Name:\talert\nSigBlk:\tffff\nSigIgn:\t0000000000001003\n");
        let all: Vec<i32> = (-1..=70).filter(|&signal| ignored.has(signal)).collect();
        assert_eq!(all, [1, 2, 13]);
    }

    #[test]
    fn given_no_mask_then_nothing_is_ignored() {
        for status in ["", "SigIgn:\n", "SigIgn:\tzz\n"] {
            assert_eq!(IgnoredSignals::parse(status), IgnoredSignals::default(), "{status:?}");
        }
    }
}
