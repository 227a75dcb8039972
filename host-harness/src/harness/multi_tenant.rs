//! Hosts on which strangers deploy: what the builder is held to.

use super::{BuildError, Builder};
use crate::engine::{Reuse, Setup};
use crate::limits::Limits;
use crate::message::headers::HeaderLimit;
use crate::outbound::egress::Egress;

/// What holds there, for the log.
pub(crate) const SUMMARY: &str = "multi-tenant: a new instance for each request, slots that never \
                                  change hands, one memory, and only servers that are named";

impl Builder {
    /// Sets the host up for functions that strangers deploy, who may be hostile to each other:
    ///
    /// - each request gets a new instance ([`Reuse::Never`]), in a memory and on a stack that no other
    ///   function has ever had
    /// - a function has one linear memory
    /// - components are compiled in a process of their own only, so that there has to be a
    ///   [`compiler`](Self::compiler)
    /// - log and headers have their strictest limits: those of [`Limits::multi_tenant`], and 64 headers
    ///   of 16 KiB in all
    /// - functions reach the servers that [`allow_host`](Self::allow_host) names, and no others
    ///
    /// Limits that still have their defaults become those of [`Limits::multi_tenant`].
    /// [`build`](Self::build) fails where anything else that was set contradicts this, and where the host
    /// cannot hold it: on systems other than Linux, for one.
    ///
    /// ```no_run
    /// use host_harness::{CompilerProcess, Harness};
    ///
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = Harness::builder()
    ///     .function("theirs", "theirs.wasm")
    ///     .compiler(CompilerProcess::new("/usr/bin/functions"))
    ///     .allow_host("api.example.com:443")
    ///     .multi_tenant()
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn multi_tenant(mut self) -> Self {
        self.setup.multi_tenant = true;
        let (default, strict) = (Limits::default(), Limits::multi_tenant());
        let limits = &mut self.limits;
        let tighten = |limit: &mut usize, default: usize, strict: usize| {
            if *limit == default {
                *limit = strict;
            }
        };
        tighten(
            &mut limits.log_records,
            default.log_records,
            strict.log_records,
        );
        tighten(&mut limits.log_bytes, default.log_bytes, strict.log_bytes);
        if limits.idle_instances == default.idle_instances {
            limits.idle_instances = strict.idle_instances;
        }
        self
    }

    /// How much the headers may be that functions give.
    pub(super) fn header_limit(&self) -> HeaderLimit {
        match self.setup.multi_tenant {
            true => HeaderLimit::MULTI_TENANT,
            false => HeaderLimit::MAX,
        }
    }

    /// Whom functions may reach, and an error where something contradicts that strangers deploy.
    pub(super) fn check_multi_tenant(&self, egress: Egress) -> Result<Egress, BuildError> {
        if !self.setup.multi_tenant {
            return Ok(egress);
        }
        match self.contradiction(&egress) {
            None => Ok(egress.only_named()),
            Some((option, fix)) => Err(BuildError::MultiTenant(format!(
                "{option} contradicts --multi-tenant: {fix}"
            ))),
        }
    }

    /// The first option that contradicts it, and what to do.
    fn contradiction(&self, egress: &Egress) -> Option<(String, String)> {
        let every = "every request gets a new instance there; leave it out, or set it to never";
        if let Some(reuse @ Reuse::Auto) = self.reuse {
            return Some((format!("--reuse {reuse}"), every.into()));
        }
        let mut own = self.function_reuse.iter();
        if let Some((name, reuse)) = own.find(|(_, reuse)| *reuse != Reuse::Never) {
            let option = format!("the reuse of function {name:?}, which is {reuse},");
            return Some((option, every.into()));
        }
        let (limits, strict) = (&self.limits, Limits::multi_tenant());
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let bounded = [
            (
                "--max-memories",
                number(limits.memories),
                number(strict.memories),
            ),
            (
                "--max-idle-instances",
                number(limits.idle_instances),
                number(strict.idle_instances),
            ),
            ("--max-log-records", limits.log_records, strict.log_records),
            ("--max-log-bytes", limits.log_bytes, strict.log_bytes),
        ];
        if let Some((option, given, most)) = bounded.iter().find(|(_, given, most)| given > most) {
            let fix = format!("{most} is the most there; leave it out, or set it to that or less");
            return Some((format!("{option} {given}"), fix));
        }
        if let Some(rule) = egress.catch_all() {
            let fix = "functions reach only servers that are named there; give HOST[:PORT] or *.DOMAIN \
                       for each";
            return Some((format!("--allow-host '{rule}'"), fix.into()));
        }
        // Code that is not rewritten is compiled here.
        let Setup { rewrite, .. } = self.setup;
        (self.compiler.is_none() || !rewrite).then(|| {
            let fix = "components of strangers are compiled in a process of their own only; set \
                       Builder::compiler";
            ("compiling in this process".into(), fix.into())
        })
    }
}
