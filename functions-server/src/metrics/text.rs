//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

use host_harness::Histogram;

use super::family::Family;

/// The media type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that grows by samples.
#[derive(Debug, Default)]
pub(super) struct MetricsText(String);

impl MetricsText {
    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Starts a family. All its samples follow before the next family.
    pub(super) fn start(&mut self, family: &Family) {
        let (name, help) = (family.name, family.help.replace('\\', r"\\"));
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {}", help.replace('\n', r"\n"));
        let _ = writeln!(self.0, "# TYPE {name} {}", family.kind.name());
    }

    /// A counter or gauge.
    pub(super) fn sample(&mut self, family: &Family, labels: &[&str], value: u64) {
        self.line(family, "", labels, None, value);
    }

    /// A histogram: its buckets, each of which includes those before it, the sum and the count.
    pub(super) fn histogram(&mut self, family: &Family, labels: &[&str], histogram: &Histogram) {
        let mut total = 0;
        for (bound, count) in &histogram.buckets {
            total += count;
            let bound = bound.map_or_else(
                || "+Inf".to_owned(),
                |bound| bound.as_secs_f64().to_string(),
            );
            self.line(family, "_bucket", labels, Some(&bound), total);
        }
        self.line(family, "_sum", labels, None, histogram.sum.as_secs_f64());
        self.line(family, "_count", labels, None, total);
    }

    fn line(
        &mut self,
        family: &Family,
        suffix: &str,
        labels: &[&str],
        bound: Option<&str>,
        value: impl Display,
    ) {
        self.0.push_str(family.name);
        self.0.push_str(suffix);
        let names = family.labels.iter().copied();
        let labels = names.zip(labels.iter().copied());
        let mut separator = '{';
        for (name, value) in labels.chain(bound.map(|bound| ("le", bound))) {
            let _ = write!(self.0, "{separator}{name}=\"");
            self.escape(value);
            self.0.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn escape(&mut self, value: &str) {
        for letter in value.chars() {
            match letter {
                '\\' => self.0.push_str(r"\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str(r"\n"),
                _ => self.0.push(letter),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::family::{DEPLOYED, INVOCATIONS, RUN};
    use super::*;

    /// The text is as the format's description has it.
    #[test]
    fn text_has_the_format() {
        let mut text = MetricsText::default();
        text.start(&DEPLOYED);
        text.sample(&DEPLOYED, &[], 3);
        text.sample(&INVOCATIONS, &["a\"b\\c\nd", "2xx", "answered"], 1);
        let mut run = Histogram::default();
        run.buckets = vec![(Some(Duration::from_micros(10)), 2), (None, 1)];
        run.sum = Duration::from_millis(1500);
        text.histogram(&RUN, &["f"], &run);
        assert_eq!(
            text.into_string(),
            "# HELP functions_deployed Functions of the server.\n\
             # TYPE functions_deployed gauge\n\
             functions_deployed 3\n\
             functions_invocations_total{function=\"a\\\"b\\\\c\\nd\",status=\"2xx\",reason=\"answered\"} 1\n\
             functions_run_seconds_bucket{function=\"f\",le=\"0.00001\"} 2\n\
             functions_run_seconds_bucket{function=\"f\",le=\"+Inf\"} 3\n\
             functions_run_seconds_sum{function=\"f\"} 1.5\n\
             functions_run_seconds_count{function=\"f\"} 3\n"
        );
    }
}
