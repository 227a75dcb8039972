//! Builds a host from a builder's settings.

use std::path::Path;
use std::sync::Arc;

use super::{BuildError, Builder, Harness};
use crate::compile::{CompilerProcess, ComponentBytes};
use crate::engine::{Engine, Reuse};
use crate::gateway::{self, Gateway};
use crate::limits::Limits;
use crate::outbound::OutboundConfig;
use crate::outbound::egress::Egress;
use crate::registry::{self, Registry, Settings};
use crate::telemetry::Output;

impl Builder {
    /// Builds the host: reads, checks and compiles its functions.
    ///
    /// # Errors
    ///
    /// - A limit that has to be positive is zero.
    /// - A file cannot be served as a function.
    /// - A function's name is invalid or given twice, or a setting names an unknown function.
    /// - A server to allow, the public URL or a file of certificate authorities is invalid.
    /// - A setting contradicts [`multi_tenant`](Self::multi_tenant).
    /// - wasmtime does not start.
    pub fn build(self) -> Result<Harness, BuildError> {
        self.check_limits()?;
        let egress = Egress::new(&self.allowed_hosts);
        let egress = egress.map_err(|invalid| BuildError::AllowHost(invalid.to_string()))?;
        let egress = self.check_multi_tenant(egress)?;
        let max_requests = self.limits.outbound;
        let network = OutboundConfig::new(egress, &self.authorities, &self.names, max_requests);
        let network = network.map_err(|invalid| BuildError::CaFile(invalid.to_string()))?;
        let network = Arc::new(network);
        let base = self.public_url.as_deref().map(gateway::parse_public_url);
        let base = base.transpose().map_err(BuildError::PublicUrl)?;
        self.check_private()?;
        self.check_reuse()?;
        let mut functions = Vec::with_capacity(self.functions.len());
        for (name, file) in &self.functions {
            registry::check_name(name).map_err(BuildError::Name)?;
            functions.push((&**name, &**file, registry::read(file)?));
        }
        let engine = Engine::new(
            self.limits_for(&functions),
            self.cache.as_deref(),
            self.setup,
            self.compiler.clone(),
            self.interfaces.as_slice().into(),
        );
        let engine = engine.map_err(|error| BuildError::Engine(error.into()))?;
        if self.setup.multi_tenant {
            tracing::info!("{}", super::MULTI_TENANT);
        }
        let mut registry = Registry::default();
        for (name, file, wasm) in &functions {
            let output = Output {
                max_records: self.limits.log_records,
                max_bytes: self.limits.log_bytes,
                ..self.output.clone()
            };
            let settings = Settings {
                variables: self.variables.clone(),
                output,
                headers: self.header_limit(),
                network: Arc::clone(&network),
                reuse: self.reuse_of(name),
            };
            let function = registry::load(&engine, name, (*file, wasm), settings)?;
            if !registry.add(function, self.is_private(name)) {
                return Err(BuildError::Name(format!(
                    "two functions are named {name:?}"
                )));
            }
        }
        Ok(Harness {
            gateway: Arc::new(Gateway {
                engine,
                registry: Arc::new(registry),
                base: base.map(Arc::from),
            }),
        })
    }

    /// The limits, without slots for calls if no function can make any. Most slots of the pool are for
    /// calls, and each costs a system call.
    fn limits_for(&self, functions: &[(&str, &Path, ComponentBytes)]) -> Limits {
        let mut limits = self.limits.clone();
        if !functions.iter().any(|(_, _, wasm)| wasm.imports_binding()) {
            limits.depth = 0;
        }
        limits
    }

    fn reuse_of(&self, name: &str) -> Reuse {
        let own = self.function_reuse.iter().find(|(of, _)| of == name);
        let of_all = match self.setup.multi_tenant {
            true => Reuse::Never,
            false => self.reuse.unwrap_or_default(),
        };
        own.map_or(of_all, |(_, reuse)| *reuse)
    }

    fn is_private(&self, name: &str) -> bool {
        self.private.iter().any(|private| private == name)
    }

    fn check_limits(&self) -> Result<(), BuildError> {
        let compiler = self
            .compiler
            .as_ref()
            .map_or(Ok(()), CompilerProcess::check);
        let limits = self.limits.check().and(compiler);
        limits.map_err(BuildError::Limits)
    }

    fn check_private(&self) -> Result<(), BuildError> {
        self.check_known("be private", self.private.iter())
    }

    fn check_reuse(&self) -> Result<(), BuildError> {
        let names = self.function_reuse.iter().map(|(name, _)| name);
        self.check_known("set the reuse of", names)
    }

    fn check_known<'a>(
        &self,
        to: &str,
        mut names: impl Iterator<Item = &'a String>,
    ) -> Result<(), BuildError> {
        let known: Vec<_> = self.functions.iter().map(|(name, _)| &**name).collect();
        match names.find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(BuildError::Name(format!(
                "unknown function {name:?} to {to}; known functions: {}",
                known.join(", ")
            ))),
        }
    }
}
