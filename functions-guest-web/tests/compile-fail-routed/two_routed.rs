use functions_bytes::encoding::Json;
use functions_guest_web::Router;
use functions_guest_web::routing::post;

functions_guest_web::invoke!(app);
fn app() -> Router {
    Router::new().route("/", post(two))
}

fn two(_: Json<u8>, _: String) {}

fn main() {}
