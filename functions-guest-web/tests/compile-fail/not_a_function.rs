const HANDLER: u8 = 0;

functions_guest_web::invoke!(HANDLER);

fn main() {}
