/// Adds parameters, encoded, to the query of a URL or a path: after those that are there, before the
/// fragment.
pub fn add_query<N: AsRef<str>, V: AsRef<str>>(
    url: &mut String,
    parameters: impl IntoIterator<Item = (N, V)>,
) {
    let fragment = url.find('#').map(|place| url.split_off(place));
    let encoded = encoded(parameters);
    if !encoded.is_empty() {
        match url.find('?') {
            None => url.push('?'),
            Some(_) if url.ends_with(['?', '&']) => {}
            Some(_) => url.push('&'),
        }
        url.push_str(&encoded);
    }
    url.push_str(fragment.as_deref().unwrap_or_default());
}

/// Names and values as `application/x-www-form-urlencoded` has them.
pub fn encoded<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(pairs);
    encoded.finish()
}
