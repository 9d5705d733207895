//! The binding to PHP: what the module registers, and nothing that decides anything.
//!
//! At module start classes and functions are registered and a panic hook is set; no thread, no socket, no file. PHP
//! may run it more than once in a process and forks after it.

// Symbols that PHP looks up, and callbacks that PHP calls, cannot be declared in safe Rust.
#![allow(unsafe_code)]

mod exceptions;
mod functions;
mod input;
mod output;
mod panics;
mod zend;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ext_php_rs::ffi::ZEND_MODULE_API_NO;
use ext_php_rs::prelude::*;
use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{
    PHP_DEBUG, PHP_ZTS, info_table_end, info_table_header, info_table_row, info_table_start, internal::startup_guard,
};

use crate::config::DEFAULT_API_URL;

/// What PHP asks the library for when it loads it.
#[php_module]
#[php(startup = start)]
fn module(module: ModuleBuilder) -> ModuleBuilder {
    functions::all().into_iter().fold(module, ModuleBuilder::function).shutdown_function(stop).info_function(info)
}

/// Module start. A failure, a panic too, keeps PHP from loading the module and is said so in its log.
extern "C" fn start(_kind: i32, _module: i32) -> i32 {
    startup_guard(|| {
        panics::keep_quiet();
        panics::rehearse("start");
        exceptions::register()
    })
}

/// Module shutdown.
extern "C" fn stop(_kind: i32, _module: i32) -> i32 {
    let _ = catch_unwind(panics::forget);
    0
}

/// The section in `phpinfo()`. It shows what was built, never what is configured: that holds secrets.
extern "C" fn info(_module: *mut ModuleEntry) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        panics::rehearse("info");
        let threads = if PHP_ZTS { "thread-safe (ZTS)" } else { "not thread-safe (NTS)" };
        let build = if PHP_DEBUG { "debug" } else { "release" };
        info_table_start!();
        info_table_header!("wu_cloudways", "enabled");
        info_table_row!("Version", env!("CARGO_PKG_VERSION"));
        info_table_row!("PHP API", ZEND_MODULE_API_NO.to_string());
        info_table_row!("PHP build", format!("{threads}, {build}"));
        info_table_row!("Cloudways API, unless WU_CLOUDWAYS_API_URL says otherwise", DEFAULT_API_URL);
        info_table_end!();
    }));
}
