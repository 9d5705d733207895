//! The four functions: from PHP's arguments to the engine and back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ext_php_rs::args::Arg;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::flags::DataType;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{BailoutGuard, ExecuteData, run_handler};
use ext_php_rs::zend_fastcall;
use serde::Serialize;

use super::exceptions::Thrown;
use super::input::given;
use super::output::to_zval;
use super::panics;
use super::zend::PhpConstants;
use crate::options::read::{self, Call};
use crate::sync;

const SYNC: &str = "wu_cloudways_sync";
const PLAN: &str = "wu_cloudways_plan";
const CHECK_DNS: &str = "wu_cloudways_check_dns";
const TEST_CONNECTION: &str = "wu_cloudways_test_connection";

/// Every function of the module.
pub(super) fn all() -> [FunctionBuilder<'static>; 4] {
    let required = |name: &str| Arg::new(name, DataType::Array);
    let options = || Arg::new("options", DataType::Array).default("[]");
    let returns_array = |function: FunctionBuilder<'static>| function.returns(DataType::Array, false, false);
    [
        returns_array(
            FunctionBuilder::new(SYNC, sync_domains).arg(required("domains")).arg(options()).required_args(1),
        ),
        returns_array(
            FunctionBuilder::new(PLAN, plan_domains).arg(required("domains")).arg(options()).required_args(1),
        ),
        returns_array(
            FunctionBuilder::new(CHECK_DNS, check_dns).arg(required("names")).arg(options()).required_args(1),
        ),
        returns_array(FunctionBuilder::new(TEST_CONNECTION, test_connection).arg(options()).required_args(0)),
    ]
}

zend_fastcall! {
    extern fn sync_domains(call: &mut ExecuteData, result: &mut Zval) {
        answer(call, result, SYNC, ["domains", "options"], |[domains, options], call| {
            let domains = read::domains(call, given(domains).as_ref())?;
            let options = read::options(call, given(options).as_ref())?;
            returned(sync::sync(&PhpConstants, &domains, &options)?)
        });
    }
}

zend_fastcall! {
    extern fn plan_domains(call: &mut ExecuteData, result: &mut Zval) {
        answer(call, result, PLAN, ["domains", "options"], |[domains, options], call| {
            let domains = read::domains(call, given(domains).as_ref())?;
            let options = read::options(call, given(options).as_ref())?;
            returned(sync::plan(&PhpConstants, &domains, &options)?)
        });
    }
}

zend_fastcall! {
    extern fn check_dns(call: &mut ExecuteData, result: &mut Zval) {
        answer(call, result, CHECK_DNS, ["names", "options"], |[names, options], call| {
            let names = read::names(call, given(names).as_ref())?;
            let options = read::dns_options(call, given(options).as_ref())?;
            returned(sync::check_dns(&PhpConstants, &names, options.probe.as_ref(), options.deadline)?)
        });
    }
}

zend_fastcall! {
    extern fn test_connection(call: &mut ExecuteData, result: &mut Zval) {
        answer(call, result, TEST_CONNECTION, ["options"], |[options], call| {
            let deadline = read::deadline_alone(call, given(options).as_ref())?;
            returned(sync::test_connection(&PhpConstants, deadline)?)
        });
    }
}

/// Hands the arguments to `body` and its result or exception to PHP, a panic too. The last argument may be left out.
fn answer<const N: usize>(
    call: &mut ExecuteData,
    result: &mut Zval,
    function: &'static str,
    names: [&'static str; N],
    body: impl FnOnce([Option<&Zval>; N], &Call) -> Result<Zval, Thrown>,
) {
    run_handler(AssertUnwindSafe(|| {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            panics::rehearse("arguments");
            let mut args = names.map(|name| Arg::new(name, DataType::Array));
            let parser = args.iter_mut().fold(call.parser(), |parser, arg| parser.arg(arg));
            parser.required_args(N - 1).parse().map_err(|_| Thrown::Already)?;
            let values = args.each_mut().map(|arg| arg.zval().map(|zval| &**zval));
            panics::rehearse("call");
            body(values, &Call { function, names: &names })
        }));
        match outcome {
            Ok(Ok(value)) => *result = value,
            Ok(Err(thrown)) => thrown.throw(),
            Err(_) => {
                let place = panics::place();
                Thrown::Internal(match function {
                    SYNC => format!(
                        "it stopped at {place}. What it wrote until then is not known: pass \"interrupted\" => true next time."
                    ),
                    _ => format!("it stopped at {place}. Nothing was written."),
                })
                .throw();
            }
        }
    }));
}

/// The result as a PHP array. Where PHP runs out of memory meanwhile, the guard sees that ours is given back.
fn returned<T: Serialize + 'static>(result: T) -> Result<Zval, Thrown> {
    let array = to_zval(BailoutGuard::new(result).get())?;
    panics::rehearse("result");
    Ok(array)
}
