struct Mine;

functions_guest_web::invoke!(handler);
fn handler() -> Mine {
    Mine
}

fn main() {}
