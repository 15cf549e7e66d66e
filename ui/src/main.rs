//! Starts the page in a browser.

#[cfg(target_arch = "wasm32")]
fn main() {
    waybill_page::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("The page runs in a browser; `cargo xtask run` opens it in its window.");
}
