//! Builds a host from a builder's settings.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use super::builder::KeptComponents;
use super::{BuildError, Builder, Harness};
use crate::compile::{CompilerProcess, cache};
use crate::engine::{Engine, Reuse};
use crate::gateway::{self, Gateway, TrustedProxies};
use crate::invocation::access::Ingress;
use crate::outbound::OutboundConfig;
use crate::outbound::egress::Egress;
use crate::registry::{self, ComponentSource, Defaults, FunctionSettings, Opened, Registry};
use crate::telemetry::Output;

impl Builder {
    /// Builds the host: reads, checks and compiles its functions.
    ///
    /// # Errors
    ///
    /// - A limit that has to be positive is zero.
    /// - A file cannot be served as a function.
    /// - A function's name is invalid or given twice, or a setting names an unknown function.
    /// - A server to allow, the public URL, a trusted proxy or a file of certificate authorities is invalid.
    /// - A setting contradicts [`multi_tenant`](Self::multi_tenant).
    /// - wasmtime does not start.
    pub fn build(self) -> Result<Harness, BuildError> {
        self.check_limits()?;
        let egress = Egress::new(&self.allowed_hosts);
        let egress = egress.map_err(|invalid| BuildError::AllowHost(invalid.to_string()))?;
        let egress = self.check_multi_tenant(egress)?;
        let egress = egress.with_own(self.own_servers.clone());
        let max_requests = self.limits.outbound;
        let network = OutboundConfig::new(egress, &self.authorities, &self.names, max_requests);
        let network = network.map_err(|invalid| BuildError::CaFile(invalid.to_string()))?;
        #[cfg(feature = "testing")]
        let network = network.with_fakes(self.fakes.servers.clone());
        let network = Arc::new(network);
        let base = self.public_url.as_deref().map(gateway::parse_public_url);
        let base = base.transpose().map_err(BuildError::PublicUrl)?;
        let proxies = TrustedProxies::parse(&self.trusted_proxies);
        let proxies = proxies.map_err(BuildError::TrustedProxy)?;
        self.check_names()?;
        let sources = self.sources()?;
        let engine = Engine::new(
            self.limits.clone(),
            self.cache_options().as_ref(),
            self.setup,
            self.compiler.clone(),
            self.interfaces.as_slice().into(),
        );
        let engine = engine.map_err(|error| BuildError::Engine(error.into()))?;
        if self.setup.multi_tenant {
            tracing::info!("{}", Self::MULTI_TENANT);
        }
        let registry = Arc::new(Registry::new(Arc::clone(&engine), self.defaults(network)));
        engine.keep_compiled(kept(Arc::downgrade(&registry), self.keep_compiled.clone()));
        for (name, source) in sources {
            let deployed = registry.deploy_blocking(name, source, &self.settings_of(name));
            deployed.map_err(|error| BuildError::deploying(name, error))?;
        }
        let call_targets = self.call_targets;
        #[cfg(feature = "testing")]
        let call_targets = self.fakes.call_targets(call_targets);
        Ok(Harness {
            gateway: Arc::new(Gateway {
                engine,
                registry,
                base: base.map(Arc::from),
                proxies: proxies.map(Arc::new),
                tokens: self.tokens,
                middleware: self.middleware,
                deferral: self.deferral,
                call_targets,
            }),
        })
    }

    fn cache_options(&self) -> Option<cache::Options> {
        Some(cache::Options {
            folder: self.cache.clone()?,
            max_bytes: self.cache_size.unwrap_or(cache::MAX_BYTES),
        })
    }

    /// The components of all functions, read before any is compiled.
    fn sources(&self) -> Result<Vec<(&str, Opened)>, BuildError> {
        let opened = self.functions.iter().map(|(name, file)| {
            let source = ComponentSource::from(&**file);
            Ok((&**name, source.open()?))
        });
        opened.collect()
    }

    /// What the settings of all functions fall back on.
    fn defaults(&self, network: Arc<OutboundConfig>) -> Defaults {
        Defaults {
            variables: self.variables.as_slice().into(),
            output: Output {
                max_records: self.limits.log_records,
                max_bytes: self.limits.log_bytes,
                ..self.output.clone()
            },
            headers: self.header_limit(),
            network,
            reuse: match self.setup.multi_tenant {
                true => Reuse::Never,
                false => self.reuse.unwrap_or_default(),
            },
            multi_tenant: self.setup.multi_tenant,
            has_tokens: self.tokens.is_some(),
            counters: Arc::default(),
        }
    }

    /// The settings of a function, with those that [`private`](Self::private) and
    /// [`function_reuse`](Self::function_reuse) made.
    fn settings_of(&self, name: &str) -> FunctionSettings {
        let given = self.function_settings.get(name);
        let mut settings = given.cloned().unwrap_or_default();
        if self.private.iter().any(|private| private == name) {
            settings.ingress = Ingress::Private;
        }
        let mut reuse = self.function_reuse.iter();
        if let Some((_, reuse)) = reuse.find(|(of, _)| of == name) {
            settings.reuse = Some(*reuse);
        }
        settings
    }

    fn check_limits(&self) -> Result<(), BuildError> {
        let compiler = self
            .compiler
            .as_ref()
            .map_or(Ok(()), CompilerProcess::check);
        let limits = self.limits.check().and(compiler);
        limits.map_err(BuildError::Limits)
    }

    /// Checks that names are valid and given once, and that settings name functions.
    fn check_names(&self) -> Result<(), BuildError> {
        self.check_known("be private", self.private.iter())?;
        let reuse = self.function_reuse.iter().map(|(name, _)| name);
        self.check_known("set the reuse of", reuse)?;
        self.check_known("set the settings of", self.function_settings.keys())?;
        #[cfg(feature = "testing")]
        if let Some(name) = self.fakes.find(self.functions.iter().map(|(name, _)| name)) {
            let both = format!("function {name:?} is served, and cannot be a fake");
            return Err(BuildError::Name(both));
        }
        let mut names = HashSet::new();
        for (name, _) in &self.functions {
            registry::check_name(name).map_err(BuildError::Name)?;
            if !names.insert(name) {
                return Err(BuildError::Name(format!(
                    "two functions are named {name:?}"
                )));
            }
        }
        Ok(())
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

/// What the cache never evicts: the code of the host's functions, and of others that its embedder names.
fn kept(registry: Weak<Registry>, others: Option<KeptComponents>) -> cache::KeptHashes {
    Box::new(move || {
        let mut digests = registry.upgrade()?.digests();
        if let Some(others) = &others {
            digests.extend(others()?);
        }
        Some(digests)
    })
}
