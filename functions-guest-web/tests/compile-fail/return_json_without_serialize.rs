use functions_bytes::encoding::Json;

struct Mine;

functions_guest_web::invoke!(handler);
fn handler() -> Json<Mine> {
    Json(Mine)
}

fn main() {}
