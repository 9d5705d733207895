//! The calls into the engine that ext-php-rs does not offer, each behind a safe function.

use std::ffi::{CStr, c_char};

use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::{ClassEntry, ProcessGlobals};

use crate::config::{ConstantValue, Constants};

unsafe extern "C" {
    fn zend_get_constant_str(name: *const c_char, length: usize) -> *mut Zval;
    fn zend_read_property(
        scope: *mut ClassEntry,
        object: *mut ZendObject,
        name: *const c_char,
        length: usize,
        silent: bool,
        fallback: *mut Zval,
    ) -> *mut Zval;
    fn zend_update_property(
        scope: *mut ClassEntry,
        object: *mut ZendObject,
        name: *const c_char,
        length: usize,
        value: *mut Zval,
    );
    fn zend_memory_usage(real: bool) -> usize;
}

/// How much memory PHP may take for this request, in bytes.
pub(super) fn memory_limit() -> usize {
    // Negative: there is no limit.
    usize::try_from(ProcessGlobals::get().memory_limit).unwrap_or(usize::MAX)
}

/// How much memory PHP has taken for this request, in bytes.
pub(super) fn memory_taken() -> usize {
    // SAFETY: reads a number of this thread's heap.
    unsafe { zend_memory_usage(true) }
}

/// PHP's table of global constants. Looking up calls no code of the user and warns of nothing.
pub(super) struct PhpConstants;

impl Constants for PhpConstants {
    fn get(&self, name: &str) -> Option<ConstantValue> {
        // SAFETY: the engine reads `length` bytes of the name, in the thread and request that called us. What it
        // returns is null or lives in the table at least until PHP code runs again; it is copied here.
        let value = unsafe { zend_get_constant_str(name.as_ptr().cast(), name.len()).as_ref() }?.dereference();
        Some(if let Some(text) = value.zend_str() {
            ConstantValue::Text(text.as_bytes().to_vec())
        } else if let Some(number) = value.long() {
            ConstantValue::Number(number)
        } else if let Some(flag) = value.bool() {
            ConstantValue::Flag(flag)
        } else if value.is_null() {
            ConstantValue::Null
        } else {
            ConstantValue::Other
        })
    }
}

/// Sets a property as a method of `scope` would, which may be private there.
pub(super) fn set_property(scope: &ClassEntry, object: &mut ZendObject, name: &CStr, mut value: Zval) {
    // SAFETY: all pointers are valid for the call, and the engine changes none of what is behind `scope`. It takes a
    // reference of its own to the value, so that ours is dropped as usual.
    unsafe {
        zend_update_property(
            std::ptr::from_ref(scope).cast_mut(),
            object,
            name.as_ptr(),
            name.to_bytes().len(),
            &raw mut value,
        );
    }
}

/// Reads a property as a method of `scope` would.
pub(super) fn property(scope: &ClassEntry, object: &mut ZendObject, name: &CStr) -> Zval {
    let mut fallback = Zval::new();
    // SAFETY: as in `set_property`; the result points to the property, to `fallback` or to a null of the engine, and
    // is copied before any of them can go.
    unsafe {
        zend_read_property(
            std::ptr::from_ref(scope).cast_mut(),
            object,
            name.as_ptr(),
            name.to_bytes().len(),
            true,
            &raw mut fallback,
        )
        .as_ref()
    }
    .map_or_else(Zval::null, |value| value.dereference().shallow_clone())
}
