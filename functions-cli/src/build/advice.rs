//! What to do about failures of a build whose message does not say so.

/// What cargo or rustc say, and the fix.
const KNOWN: [(&str, &str); 5] = [
    (
        "wasm-component-ld` not found",
        "the linker comes with Rust from https://rustup.rs; for another Rust, run `cargo install wasm-component-ld`",
    ),
    (
        "linking with `wasm-component-ld` failed",
        "the linker failed; `functions doctor` checks the toolchain",
    ),
    (
        "the `wasm32-wasip2` target may not be installed",
        "run `rustup target add wasm32-wasip2`; `functions doctor` checks the rest",
    ),
    (
        "is not supported by the following package",
        "run `rustup update`, or depend on an older version of the package",
    ),
    (
        "linker `",
        "install a C toolchain, such as Debian's build-essential: cargo links build scripts and macros with it",
    ),
];

/// The fix for what cargo said.
pub(super) fn of(said: &str) -> Option<String> {
    let plain = anstream::adapter::strip_str(said).to_string();
    let known = KNOWN.iter().find(|(text, _)| plain.contains(text));
    known.map(|(_, fix)| (*fix).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours do not hide a message; what explains itself gets no advice.
    #[test]
    fn known_failures_have_a_fix() {
        let fix = of("\u{1b}[31merror\u{1b}[0m: linker `wasm-component-ld` not found");
        assert!(fix.unwrap().contains("cargo install wasm-component-ld"));
        let fix = of("error: linker `cc` not found");
        assert!(fix.unwrap().contains("build-essential"));
        let said = "error[E0463]: can't find crate for `std`\n  = note: the `wasm32-wasip2` target may not be installed";
        assert!(of(said).unwrap().contains("rustup target add"));
        assert_eq!(of("error[E0425]: cannot find value `x`"), None);
    }
}
