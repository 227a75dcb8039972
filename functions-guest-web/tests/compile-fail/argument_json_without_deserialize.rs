use functions_bytes::encoding::Json;

struct Mine;

functions_guest_web::invoke!(handler);
fn handler(_body: Json<Mine>) -> String {
    String::new()
}

fn main() {}
