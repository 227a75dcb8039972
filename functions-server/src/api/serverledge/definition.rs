//! What a client says about a function.

use super::decode::{Fields, Invalid};

/// The body of a request to create or update a function.
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) runtime: String,
    pub(super) memory: i64,
    pub(super) cpus: f64,
    pub(super) code: String,
    pub(super) image: String,
    pub(super) handler: String,
}

impl Definition {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let fields = Fields::parse(body)?;
        i16::try_from(fields.integer("MaxConcurrency")?).map_err(|_| Invalid)?;
        fields.check("SupportedArchs", '[')?;
        fields.check("Signature", '{')?;
        Ok(Self {
            name: fields.text("Name")?.into_owned(),
            runtime: fields.text("Runtime")?.into_owned(),
            memory: fields.integer("MemoryMB")?,
            cpus: fields.number("CPUDemand")?,
            code: fields.text("TarFunctionCode")?.into_owned(),
            image: fields.text("CustomImage")?.into_owned(),
            handler: fields.text("Handler")?.into_owned(),
        })
    }
}
