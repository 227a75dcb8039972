use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use wasmparser::{Validator, WasmFeatures};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use crate::plan::Plan;
use crate::smith::Smith;
use crate::weave::weave;

/// The world that functions are generated for.
pub(crate) struct World {
    resolve: Resolve,
    world: WorldId,
}

/// A function generated from a seed.
pub(crate) struct Component {
    pub(crate) wasm: Vec<u8>,
    pub(crate) plan: Plan,
}

impl World {
    /// Reads the repository's `wit` folder.
    pub(crate) fn read(wit: &Path) -> Result<Self> {
        let mut resolve = Resolve::default();
        let mut web = None;
        for package in ["io", "clocks", "bytes", "web"] {
            let pushed = resolve.push_dir(wit.join(package));
            let (id, _) = pushed.map_err(|error| anyhow!("wit/{package}: {error:?}"))?;
            web = Some(id);
        }
        let web = web.context("no package")?;
        let world = resolve.select_world(&[web], Some("function"))?;
        Ok(Self { resolve, world })
    }

    /// Generates the function of a seed, the same each time. Some seeds give an error.
    pub(crate) fn function(&self, seed: u64) -> Result<Component> {
        let mut random = fastrand::Rng::with_seed(seed);
        let smith = Smith::new(&mut random).context("wasm-smith")?;
        let plan = Plan::new(&mut random);
        let woven = weave(&smith, &plan)?;
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        validator.validate_all(&woven).context("woven")?;
        let wasm = self.encode(woven).context("component")?;
        Ok(Component { wasm, plan })
    }

    /// Generates a function with only a driver.
    pub(crate) fn plain(&self, plan: &Plan) -> Result<Vec<u8>> {
        self.encode(weave(&Smith::empty()?, plan)?)
    }

    fn encode(&self, mut module: Vec<u8>) -> Result<Vec<u8>> {
        let utf8 = StringEncoding::UTF8;
        embed_component_metadata(&mut module, &self.resolve, self.world, utf8)?;
        let encoder = ComponentEncoder::default().module(&module)?;
        encoder.validate(false).encode()
    }
}
