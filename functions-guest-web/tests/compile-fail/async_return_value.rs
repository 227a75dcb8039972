struct Mine;

functions_guest_web::invoke!(handler);
async fn handler() -> Mine {
    Mine
}

fn main() {}
