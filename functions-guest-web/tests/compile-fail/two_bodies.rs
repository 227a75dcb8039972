use functions_bytes::encoding::Json;

functions_guest_web::invoke!(handler);
fn handler(_json: Json<u8>, _text: String) {}

fn main() {}
