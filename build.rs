//! Linker settings of the PHP module.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // PHP itself defines the engine's symbols, when it loads the module. macOS must be told that they come later.
    let macos = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos");
    if macos && env::var_os("CARGO_FEATURE_PHP").is_some() {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-undefined,dynamic_lookup");
    }
}
