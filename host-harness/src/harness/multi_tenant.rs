//! Restricts a host to settings that are safe for untrusted functions.

use super::{BuildError, Builder};
use crate::engine::{Reuse, Setup};
use crate::limits::Limits;
use crate::message::headers::HeaderLimit;
use crate::outbound::egress::Egress;

impl Builder {
    /// What [`multi_tenant`](Self::multi_tenant) guarantees, in one line for the log.
    pub const MULTI_TENANT: &str = "multi-tenant: a new instance for each request, slots that never \
                                    change hands, one memory, and only servers that are named";

    /// Sets the host up for untrusted functions, which may be hostile to each other:
    ///
    /// - Every request gets a new instance ([`Reuse::Never`]), in a memory and on a stack that no other
    ///   function has ever used.
    /// - A function has one linear memory.
    /// - Components are compiled in a separate process only, so a [`compiler`](Self::compiler) is required.
    /// - Logs and headers have their strictest limits: those of [`Limits::multi_tenant`], and 64 headers of
    ///   16 KiB in total.
    /// - Functions reach only the servers that [`allow_host`](Self::allow_host) names.
    ///
    /// Limits with their default value become those of [`Limits::multi_tenant`]. [`build`](Self::build)
    /// fails if any other setting contradicts this. It also fails if the host cannot guarantee it, for
    /// example on systems other than Linux.
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

    /// The limit on the headers that functions give.
    pub(super) fn header_limit(&self) -> HeaderLimit {
        match self.setup.multi_tenant {
            true => HeaderLimit::MULTI_TENANT,
            false => HeaderLimit::MAX,
        }
    }

    /// Checks for contradictions, and restricts egress to named servers.
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

    /// The first setting that contradicts multi-tenant mode, and the fix.
    fn contradiction(&self, egress: &Egress) -> Option<(String, String)> {
        let every = "every request gets a new instance in that mode; omit it, or set it to never";
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
        if let Some((option, given, max)) = bounded.iter().find(|(_, given, max)| given > max) {
            let fix = format!("the most in that mode is {max}; omit it, or set it to at most that");
            return Some((format!("{option} {given}"), fix));
        }
        if let Some(rule) = egress.catch_all() {
            let fix = "functions reach only named servers in that mode; expected HOST[:PORT] or *.DOMAIN \
                       for each server";
            return Some((format!("--allow-host '{rule}'"), fix.into()));
        }
        // Components that are not rewritten are compiled in this process.
        let Setup { rewrite, .. } = self.setup;
        (self.compiler.is_none() || !rewrite).then(|| {
            let fix = "untrusted components are compiled in a separate process only; set \
                       Builder::compiler";
            ("compiling in this process".into(), fix.into())
        })
    }
}
