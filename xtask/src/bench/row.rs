//! One line of the results: a figure, its comparison, and its target.

/// The required value of a row.
#[derive(Clone, Copy)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Any value, but the scenario was not measured.
    Measured,
}

impl Target {
    fn met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Measured => true,
        }
    }
}

/// A measured figure.
pub(super) struct Row {
    pub(super) scenario: &'static str,
    /// The contender or work that the figure belongs to.
    pub(super) of: String,
    pub(super) figure: String,
    /// The figure to compare with.
    pub(super) against: String,
    /// The value that `target` applies to: a ratio, or the figure itself.
    pub(super) value: Option<f64>,
    pub(super) target: Option<Target>,
    /// The unit of `value` and `target`.
    pub(super) unit: Unit,
}

#[derive(Clone, Copy)]
pub(super) enum Unit {
    Times,
    Bytes,
}

impl Row {
    pub(super) fn new(
        scenario: &'static str,
        of: impl Into<String>,
        figure: impl Into<String>,
    ) -> Self {
        Self {
            scenario,
            of: of.into(),
            figure: figure.into(),
            against: String::new(),
            value: None,
            target: None,
            unit: Unit::Times,
        }
    }

    pub(super) fn against(mut self, what: impl Into<String>, ratio: f64) -> Self {
        self.against = what.into();
        self.value = Some(ratio);
        self
    }

    /// Sets a value in bytes, for a figure with its own target.
    pub(super) fn bytes(mut self, value: f64) -> Self {
        self.value = Some(value);
        self.unit = Unit::Bytes;
        self
    }

    pub(super) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Whether the target is met; without a value it is missed.
    pub(super) fn met(&self) -> Option<bool> {
        let target = self.target?;
        Some(self.value.is_some_and(|value| target.met_by(value)))
    }

    /// The cells of the table.
    pub(super) fn cells(&self) -> [String; 7] {
        let ratio = match (self.value, self.unit) {
            (Some(value), Unit::Times) => format!("{value:.2}x"),
            _ => String::new(),
        };
        let target = self.target.map(|target| match target {
            Target::AtLeast(least) => format!("≥ {}", self.write(least)),
            Target::AtMost(most) => format!("≤ {}", self.write(most)),
            Target::Measured => "measured".into(),
        });
        let met = self.met().map(|met| if met { "met" } else { "**missed**" });
        [
            self.scenario.to_owned(),
            self.of.clone(),
            self.figure.clone(),
            self.against.clone(),
            ratio,
            target.unwrap_or_default(),
            met.unwrap_or_default().to_owned(),
        ]
    }

    fn write(&self, value: f64) -> String {
        match self.unit {
            Unit::Times => format!("{value}x"),
            Unit::Bytes => format!("{value} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target is met at its limit and missed just beyond, and without a figure.
    #[test]
    fn targets() {
        let row = |ratio| Row::new("s", "a", "1").against("b", ratio);
        let least = |ratio| row(ratio).target(Target::AtLeast(0.65)).met();
        assert_eq!(least(0.65), Some(true));
        assert_eq!(least(0.649), Some(false));
        let most = |ratio| row(ratio).target(Target::AtMost(2.0)).met();
        assert_eq!(most(2.0), Some(true));
        assert_eq!(most(2.01), Some(false));
        assert_eq!(row(1.0).met(), None);
        let unmeasured = Row::new("s", "a", "not measured").target(Target::AtMost(1.0));
        assert_eq!(unmeasured.met(), Some(false));
        assert!(unmeasured.cells().contains(&"**missed**".to_owned()));
    }
}
