//! Names that come more than once.

use std::collections::HashMap;

use crate::encoding::words;

/// All fields, and how often their names come.
pub(super) struct Repeated<'f>(Vec<Field<'f>>);

struct Field<'f> {
    /// `a=1`, as it was sent.
    text: &'f [u8],
    /// The place of its name among the different names.
    name: usize,
    /// How many fields of this name come before it.
    nth: usize,
    /// Whether no field of this name comes after it.
    is_last: bool,
}

impl<'f> Repeated<'f> {
    #[cold]
    pub(super) fn new(fields: &'f [u8]) -> Self {
        let mut all: Vec<Field<'f>> = Vec::new();
        // The places of each name's last field.
        let mut names = HashMap::new();
        for text in fields.split(|byte| *byte == b'&') {
            let Some((name, _)) = form_urlencoded::parse(text).next() else {
                continue;
            };
            let mut field = Field {
                text,
                name: names.len(),
                nth: 0,
                is_last: true,
            };
            let before = names.insert(name, all.len());
            if let Some(before) = before.and_then(|place| all.get_mut(place)) {
                before.is_last = false;
                field.name = before.name;
                field.nth = before.nth + 1;
            }
            all.push(field);
        }
        Self(all)
    }

    /// The last field of each name.
    pub(super) fn last(&self) -> Vec<u8> {
        self.repeating(0)
    }

    /// The fields as several wholes in which each name comes once: all that come first, all that come second,
    /// and so on.
    pub(super) fn layers(&self) -> Vec<Vec<u8>> {
        let mut layers: Vec<Vec<u8>> = Vec::new();
        for field in &self.0 {
            if layers.len() <= field.nth {
                layers.push(Vec::new());
            }
            if let Some(layer) = layers.get_mut(field.nth) {
                add(layer, field);
            }
        }
        layers
    }

    /// The fields, of which the first so many names come as often as they were sent, and the others once.
    fn repeating(&self, names: usize) -> Vec<u8> {
        let mut kept = Vec::new();
        for field in &self.0 {
            if field.is_last || field.name < names {
                add(&mut kept, field);
            }
        }
        kept
    }

    /// The first name that comes more often than `is_refused` lets it.
    ///
    /// A decoder takes names in the order in which they come first. Halving finds the name with few decodings,
    /// however many there are.
    pub(super) fn refused(&self, is_refused: &dyn Fn(&[u8]) -> bool) -> Option<String> {
        let (mut fine, mut refused) = (0, self.0.len());
        while fine + 1 < refused {
            let middle = fine.midpoint(refused);
            if is_refused(&self.repeating(middle)) {
                refused = middle;
            } else {
                fine = middle;
            }
        }
        let field = self.0.iter().find(|field| field.name == fine)?;
        let (name, _) = form_urlencoded::parse(field.text).next()?;
        Some(words::clipped(name.into_owned()))
    }
}

fn add(whole: &mut Vec<u8>, field: &Field<'_>) {
    if !whole.is_empty() {
        whole.push(b'&');
    }
    whole.extend_from_slice(field.text);
}
