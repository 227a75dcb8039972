use http::Method;

functions_guest_web::invoke!(handler);
#[rustfmt::skip]
#[allow(clippy::too_many_arguments)]
fn handler(
    _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method, _: Method,
) {
}

fn main() {}
