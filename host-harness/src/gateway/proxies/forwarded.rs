//! `Forwarded` (RFC 7239).

use std::borrow::Cow;
use std::net::SocketAddr;

use super::node;

/// The addresses after `for` of a header's elements, in order; `None` for an element without an address,
/// such as `for=unknown`. Fails if the header is malformed.
pub(super) fn nodes(header: &str) -> Option<Vec<Option<SocketAddr>>> {
    let mut rest = Unparsed(header);
    let mut nodes = Vec::new();
    loop {
        if let Some(node) = rest.element()? {
            nodes.push(node);
        }
        if rest.0.is_empty() {
            return Some(nodes);
        }
        rest.expect(',')?;
    }
}

/// The address of a node: with a port, or a name that stands for one.
fn address(node: &str) -> Option<SocketAddr> {
    match node.rsplit_once(":_") {
        Some((address, name)) if !name.is_empty() && name.bytes().all(is_name_byte) => {
            node::parse(address)
        }
        _ => node::parse(node),
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// What of a header is not parsed yet.
struct Unparsed<'a>(&'a str);

impl<'a> Unparsed<'a> {
    /// `name=value` pairs with semicolons between them. The inner `None` is an empty element, which lists
    /// may have.
    fn element(&mut self) -> Option<Option<Option<SocketAddr>>> {
        let (mut node, mut is_empty) = (None, true);
        loop {
            self.skip_space();
            if let Some(name) = self.token() {
                self.expect('=')?;
                let value = self.value()?;
                is_empty = false;
                if name.eq_ignore_ascii_case("for") && node.replace(address(&value)).is_some() {
                    return None;
                }
            }
            self.skip_space();
            if self.expect(';').is_none() {
                return Some((!is_empty).then_some(node.flatten()));
            }
        }
    }

    fn value(&mut self) -> Option<Cow<'a, str>> {
        if self.expect('"').is_none() {
            return self.token().map(Cow::from);
        }
        let mut value = String::new();
        loop {
            match self.next()? {
                '"' => return Some(value.into()),
                '\\' => value.push(self.next()?),
                other => value.push(other),
            }
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        let length = self.0.bytes().take_while(|byte| is_token(*byte)).count();
        let (token, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn expect(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.0.chars();
        let next = characters.next()?;
        self.0 = characters.as_str();
        Some(next)
    }
}

/// Whether a byte may be in a token (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
