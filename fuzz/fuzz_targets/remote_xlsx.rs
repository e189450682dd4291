#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| meterdesk_fuzz::files::import("xlsx", meterdesk_fuzz::files::Holds::Readings, data));
