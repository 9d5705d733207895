//! The classes under `WuCloudways\Exception`, and how they are thrown.
//!
//! They are plain classes of PHP, made by `Exception`'s own constructor of objects: so file, line, trace and previous
//! are PHP's doing, and `new` and `extends` work. What they hold besides is kept in private properties.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::args::ArgInfoTables;
use ext_php_rs::builders::{ClassBuilder, ClassProperty, FunctionBuilder};
use ext_php_rs::error::Result as PhpResult;
use ext_php_rs::exception::throw_object;
use ext_php_rs::flags::{DataType, MethodFlags, PropertyFlags};
use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::{ClassEntry, ExecuteData, ce, run_handler};
use ext_php_rs::zend_fastcall;
use serde::Serialize;

use super::output::{Unfit, to_zval};
use super::panics;
use super::zend::{property, set_property};
use crate::error::Error;
use crate::options::read::Wrong;

/// One of our classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Base,
    Config,
    Refused,
    Auth,
    RateLimit,
    Busy,
    Api,
}

/// Parents first.
const CLASSES: [(Class, &str); 7] = [
    (Class::Base, "WuCloudways\\Exception\\Exception"),
    (Class::Config, "WuCloudways\\Exception\\ConfigException"),
    (Class::Refused, "WuCloudways\\Exception\\RefusedException"),
    (Class::Auth, "WuCloudways\\Exception\\AuthException"),
    (Class::RateLimit, "WuCloudways\\Exception\\RateLimitException"),
    (Class::Busy, "WuCloudways\\Exception\\BusyException"),
    (Class::Api, "WuCloudways\\Exception\\ApiException"),
];

/// Where the engine keeps them. Written by every module start; threads of PHP share the entries of internal classes.
static ENTRIES: [AtomicPtr<ClassEntry>; CLASSES.len()] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; CLASSES.len()];

/// What the engine reads as long as these classes exist: the argument tables of their methods.
static TABLES: [AtomicPtr<ArgInfoTables>; CLASSES.len()] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; CLASSES.len()];

impl Class {
    fn of(error: &Error) -> Self {
        match error.code() {
            "config_invalid" => Self::Config,
            "plan_refused" => Self::Refused,
            "auth_failed" | "scope_missing" => Self::Auth,
            "rate_limited" => Self::RateLimit,
            "busy" => Self::Busy,
            "api_rejected" | "api_unavailable" | "api_protocol" => Self::Api,
            _ => Self::Base,
        }
    }

    fn entry(self) -> &'static ClassEntry {
        // SAFETY: null or what the engine handed to `keep` at this module start, and classes live until the module is
        // shut down, after which nothing of it is called.
        unsafe { ENTRIES[self as usize].load(Ordering::Relaxed).as_ref() }.unwrap_or_else(ce::exception)
    }
}

const ERROR_CODE: &CStr = c"errorCode";
const REMEDY: &CStr = c"remedy";
const DETAILS: &CStr = c"details";
const RETRY_AFTER: &CStr = c"retryAfter";
const PLAN: &CStr = c"plan";

/// Registers the classes.
///
/// # Errors
/// What the engine says; the module is not loaded then.
pub(super) fn register() -> PhpResult<()> {
    for (class, name) in CLASSES {
        let builder = ClassBuilder::new(name).registration(keep);
        let builder = match class {
            Class::Base => [ERROR_CODE, REMEDY, DETAILS, RETRY_AFTER]
                .into_iter()
                .fold(builder.extends((ce::exception, "\\Exception")), private_property)
                .method(
                    FunctionBuilder::new("getErrorCode", get_error_code).returns(DataType::String, false, false),
                    MethodFlags::Public,
                )
                .method(
                    FunctionBuilder::new("getRemedy", get_remedy).returns(DataType::String, false, false),
                    MethodFlags::Public,
                )
                .method(
                    FunctionBuilder::new("getDetails", get_details).returns(DataType::Array, false, false),
                    MethodFlags::Public,
                )
                .method(
                    FunctionBuilder::new("getRetryAfter", get_retry_after).returns(DataType::Long, false, true),
                    MethodFlags::Public,
                ),
            Class::Refused => private_property(extend_base(builder), PLAN).method(
                FunctionBuilder::new("getPlan", get_plan).returns(DataType::Array, false, true),
                MethodFlags::Public,
            ),
            _ => extend_base(builder),
        };
        builder.register()?;
    }
    Ok(())
}

fn extend_base(builder: ClassBuilder) -> ClassBuilder {
    builder.extends((|| Class::Base.entry(), "\\WuCloudways\\Exception\\Exception"))
}

/// Null by default: what a property of an internal class holds at first must outlive every request.
fn private_property(builder: ClassBuilder, name: &CStr) -> ClassBuilder {
    builder.property(ClassProperty {
        name: name.to_string_lossy().into_owned(),
        flags: PropertyFlags::Private,
        default: None,
        docs: &[],
        ty: None,
        nullable: true,
        readonly: false,
        default_stub: None,
    })
}

/// Notes where the engine put a class.
fn keep(entry: &'static mut ClassEntry, tables: ArgInfoTables) {
    let tables = Box::into_raw(Box::new(tables));
    let found = CLASSES.iter().find(|(_, name)| entry.name() == Some(name)).map(|(class, _)| *class);
    if let Some(class) = found {
        ENTRIES[class as usize].store(entry, Ordering::Relaxed);
        let before = TABLES[class as usize].swap(tables, Ordering::Relaxed);
        if !before.is_null() {
            // SAFETY: it came from `into_raw` here, and is taken out once. The classes that read it went with the
            // module start before this one.
            drop(unsafe { Box::from_raw(before) });
        }
    }
}

zend_fastcall! {
    extern fn get_error_code(call: &mut ExecuteData, result: &mut Zval) {
        get(call, result, Class::Base, ERROR_CODE, |value| if value.is_string() { Ok(value) } else { to_zval("") });
    }
}

zend_fastcall! {
    extern fn get_remedy(call: &mut ExecuteData, result: &mut Zval) {
        get(call, result, Class::Base, REMEDY, |value| if value.is_string() { Ok(value) } else { to_zval("") });
    }
}

zend_fastcall! {
    extern fn get_details(call: &mut ExecuteData, result: &mut Zval) {
        get(call, result, Class::Base, DETAILS, |value| Ok(if value.is_array() { value } else { Zval::new_array() }));
    }
}

zend_fastcall! {
    extern fn get_retry_after(call: &mut ExecuteData, result: &mut Zval) {
        get(call, result, Class::Base, RETRY_AFTER, |value| Ok(if value.is_long() { value } else { Zval::null() }));
    }
}

zend_fastcall! {
    extern fn get_plan(call: &mut ExecuteData, result: &mut Zval) {
        get(call, result, Class::Refused, PLAN, |value| Ok(if value.is_array() { value } else { Zval::null() }));
    }
}

/// Returns a private property. `fit` gives it the declared type where it has none yet: the exception was made by
/// `new` in PHP.
fn get(
    call: &mut ExecuteData,
    result: &mut Zval,
    class: Class,
    name: &CStr,
    fit: impl FnOnce(Zval) -> Result<Zval, Unfit>,
) {
    run_handler(AssertUnwindSafe(|| {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let (parser, this) = call.parser_object();
            parser.parse().map_err(|_| Thrown::Already)?;
            let this = this.ok_or(Thrown::Already)?;
            panics::rehearse("getter");
            Ok(fit(property(class.entry(), this, name))?)
        }));
        match outcome {
            Ok(Ok(value)) => *result = value,
            Ok(Err(thrown)) => Thrown::throw(thrown),
            // `run_handler` would show what the panic says.
            Err(_) => throw_internal(&format!("it stopped at {}.", panics::place())),
        }
    }));
}

/// What is thrown in place of a result.
#[derive(Debug)]
pub(super) enum Thrown {
    /// `\TypeError`: an argument has another type than it should.
    Type(String),
    /// `\ValueError`: an argument has the right type and cannot be used.
    Value(String),
    /// One of ours.
    Engine(Box<Error>),
    /// `\Error`: a bug of ours.
    Internal(String),
    /// PHP says it itself: it has thrown already, or ends the script when the function returns.
    Already,
}

impl From<Error> for Thrown {
    fn from(error: Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<Wrong> for Thrown {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Type(message) => Self::Type(message),
            Wrong::Value(message) => Self::Value(message),
        }
    }
}

impl From<Unfit> for Thrown {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Kind(what) => Self::Internal(what),
            Unfit::Memory => Self::Already,
        }
    }
}

impl Thrown {
    /// Throws it in PHP.
    pub(super) fn throw(self) {
        match self {
            Self::Type(message) => throw(plain(ce::type_error(), ce::error(), &message, 0)),
            Self::Value(message) => throw(plain(ce::value_error(), ce::error(), &message, 0)),
            Self::Engine(error) => throw(engine(&error)),
            Self::Internal(what) => throw_internal(&what),
            Self::Already => {}
        }
    }
}

/// Throws an `\Error` that says that the fault is ours.
pub(super) fn throw_internal(what: &str) {
    let version = env!("CARGO_PKG_VERSION");
    throw(plain(ce::error(), ce::error(), &format!("wu_cloudways {version}: internal error: {what}"), 0));
}

fn throw(object: Result<Zval, Unfit>) {
    let thrown = match object {
        Ok(object) => throw_object(object).map_err(Unfit::from),
        Err(unfit) => Err(unfit),
    };
    if thrown.is_err() {
        // Only an exception that is none, or an array that is none, gets here.
        let _ = ext_php_rs::exception::throw(ce::error(), "wu_cloudways: an error that cannot be shown");
    }
}

/// An exception or error with message and code, made where PHP runs now.
fn plain(class: &'static ClassEntry, base: &'static ClassEntry, message: &str, code: i32) -> Result<Zval, Unfit> {
    let mut object = ZendObject::new(class);
    set_property(base, &mut object, c"message", to_zval(message)?);
    set_property(base, &mut object, c"code", to_zval(&code)?);
    let mut zval = Zval::new();
    zval.set_object(&mut object);
    Ok(zval)
}

fn engine(error: &Error) -> Result<Zval, Unfit> {
    let class = Class::of(error);
    let mut zval = plain(class.entry(), ce::exception(), &error.to_string(), error.exit_code())?;
    let base = Class::Base.entry();
    put(&mut zval, base, ERROR_CODE, error.code())?;
    put(&mut zval, base, REMEDY, &error.remedy())?;
    put(&mut zval, base, DETAILS, &error.details())?;
    put(&mut zval, base, RETRY_AFTER, &error.retry_after())?;
    if class == Class::Refused {
        put(&mut zval, class.entry(), PLAN, &error.plan())?;
    }
    Ok(zval)
}

fn put<T: Serialize + ?Sized>(zval: &mut Zval, scope: &ClassEntry, name: &CStr, value: &T) -> Result<(), Unfit> {
    if let Some(object) = zval.object_mut() {
        set_property(scope, object, name, to_zval(value)?);
    }
    Ok(())
}
