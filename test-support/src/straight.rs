//! Hand-written functions without a shim, whose memory is in a module of its own.

use std::io::Write as _;

use tempfile::NamedTempFile;

/// A function that calls the host without a check of its time.
pub struct Straight {
    pub pages: u32,
    /// Additional definitions of the module.
    pub more: String,
    /// The body of the function, before it answers with the four bytes at 2048.
    pub body: String,
}

impl Straight {
    /// A function with several memories, which never returns.
    pub fn memories(memories: usize) -> Self {
        Self {
            pages: 2,
            more: "(memory 1)".repeat(memories - 1),
            body: "(loop $again (br $again))".into(),
        }
    }

    pub fn file(&self) -> NamedTempFile {
        self.encoded("utf8")
    }

    /// The function, if its texts have this encoding.
    pub fn encoded(&self, encoding: &str) -> NamedTempFile {
        let text = self.text().replace(
            "(realloc $realloc) string-encoding=utf8",
            &format!("(realloc $realloc) string-encoding={encoding}"),
        );
        compiled(&text)
    }

    /// The function, which also imports a function without parameters. `$name` calls it.
    pub fn importing(&self, interface: &str, name: &str) -> NamedTempFile {
        let import = format!(
            r#"(import "{interface}" (instance $more (export "{name}" (func))))
            (alias export $more "{name}" (func $more-func))
            (core func $cmore (canon lower (func $more-func)))
            (core module $mem"#
        );
        let export = r#"(core instance $h (export "more" (func $cmore))"#;
        let more = format!(r#"(import "h" "more" (func ${name}))"#);
        let text = self
            .text()
            .replacen("(core module $mem", &import, 1)
            .replacen("(core instance $h", export, 1)
            .replacen(&self.more, &format!("{more} {}", self.more), 1);
        compiled(&text)
    }

    fn text(&self) -> String {
        include_str!("straight.wat")
            .replace("PAGES", &self.pages.to_string())
            .replace("MORE", &self.more)
            .replace("BODY", &self.body)
    }
}

fn compiled(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&wat::parse_str(text).unwrap()).unwrap();
    file
}
