//! Turns the page's wasm into what a browser loads: `waybill-xtask-page <wasm> <folder>`.
//!
//! `wasm-bindgen` must have the version that the page was compiled with, so it
//! comes from the same `Cargo.lock` and not from an installed tool.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut words = env::args_os().skip(1).map(PathBuf::from);
    let (Some(wasm), Some(folder), None) = (words.next(), words.next(), words.next()) else {
        bail!("usage: waybill-xtask-page <wasm> <folder>");
    };
    Bindgen::new()
        .input_path(&wasm)
        .web(true)
        .context("a page and nothing else was asked for")?
        .typescript(false)
        // No browser uses them.
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .with_context(|| format!("failed to prepare {} for browsers", wasm.display()))
}
