struct Mine;

functions_guest_web::invoke!(handler);
fn handler(_body: Vec<u8>, _mine: Mine) -> String {
    String::new()
}

fn main() {}
