#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    wu_cloudways::fuzzing::state(data);
});
