//! What Prometheus' own metrics say of its last reload.

/// How the last reload went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reloaded {
    /// Whether the last one succeeded.
    pub successful: bool,
    /// When the last one that succeeded did, in seconds since 1970.
    pub at: f64,
}

impl Reloaded {
    /// From the text of `/metrics`; `None` where it is not that of a Prometheus.
    pub(super) fn read(metrics: &str) -> Option<Self> {
        let value = |name: &str| {
            metrics.lines().find_map(|line| {
                let value = line.strip_prefix(name)?.strip_prefix(' ')?;
                value.split(' ').next()?.parse::<f64>().ok()
            })
        };
        Some(Self {
            successful: value("prometheus_config_last_reload_successful")? > 0.5,
            at: value("prometheus_config_last_reload_success_timestamp_seconds")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Reloaded;

    #[test]
    fn the_last_reload_is_found_among_all_metrics() {
        let metrics = "# TYPE prometheus_config_last_reload_successful gauge\n\
            prometheus_config_last_reload_success_timestamp_seconds 1.795589170957031e+09\n\
            prometheus_config_last_reload_successful 1\n";
        let reloaded = Reloaded::read(metrics).expect("both are there");
        assert!(reloaded.successful);
        assert!((reloaded.at - 1_795_589_170.957_031).abs() < 1e-6);
        let failed = metrics.replace("successful 1", "successful 0");
        assert!(!Reloaded::read(&failed).expect("both are there").successful);
        assert_eq!(Reloaded::read("go_goroutines 4\n"), None);
        assert_eq!(Reloaded::read("<html>"), None);
    }
}
