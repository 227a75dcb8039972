struct Mine;

functions_guest_web::invoke!(handler);
fn handler() -> Result<String, Mine> {
    Err(Mine)
}

fn main() {}
